import { describe, expect, it } from 'vitest';
import { never, rejection } from '../../../../conformance/harness.ts';
import {
  app,
  inAnHour,
  openCredential,
  scope,
  setVariables,
  useIdentityService,
} from '../../../../fixtures/azure/signIns.ts';

// Apart from the metadata service: Microsoft's library looks once where to ask.
describe('the managed identity of an App Service or a container app', () => {
  const service = useIdentityService();

  it('whose endpoint is not there is worth another try', async () => {
    service.answer = undefined;
    setVariables({ IDENTITY_ENDPOINT: `${service.url}/msi/token`, IDENTITY_HEADER: 'header-secret' });
    expect(await rejection(openCredential('managedIdentity').token(scope, never()))).toMatchObject({
      tag: 'transient',
    });
  });

  it('is asked at its endpoint', async () => {
    service.answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { access_token: 'of-the-service', expires_on: inAnHour(), token_type: 'Bearer', resource: 'x' },
    };
    const { url, requests } = service;
    setVariables({ IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: 'header-secret', AZURE_CLIENT_ID: app });
    const found = await openCredential('managedIdentity').token(scope, never());
    expect(found.token).toBe('of-the-service');
    expect(found.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
    expect(requests.at(-1)?.headers['x-identity-header']).toBe('header-secret');
    const query = new URL(requests.at(-1)?.path ?? '', url).searchParams;
    expect(query.get('resource')).toBe('https://management.azure.com');
    expect(query.get('client_id')).toBe(app);
  });
});
