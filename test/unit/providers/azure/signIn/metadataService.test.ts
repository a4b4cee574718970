import { describe, expect, it, vi } from 'vitest';
import { never, rejection } from '../../../../conformance/harness.ts';
import type { StubAnswer } from '../../../../fixtures/azure/httpStub.ts';
import {
  inAnHour,
  openCredential,
  scope,
  setVariables,
  tenant,
  useIdentityService,
} from '../../../../fixtures/azure/signIns.ts';

// In this order: Microsoft's library remembers a token that it was given.
describe('the managed identity of a virtual machine', () => {
  const service = useIdentityService();

  const refuse = (status: number, error: string, text: string): StubAnswer => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: { error, error_description: text },
  });

  it.each([
    ['that the machine does not have', refuse(400, 'invalid_request', 'Identity not found'), 'auth'],
    ['that is not the one of the machine', refuse(404, 'not_found', 'No such identity'), 'auth'],
    ['whose service is down', { status: 503, body: '<html>down</html>' }, 'transient'],
  ])('%s is told as what it is', async (_, refused, tag) => {
    service.answer = refused;
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url });
    const error = await rejection(openCredential('managedIdentity').token(scope, never()));
    expect(error).toMatchObject({ tag });
    expect(error).toMatchObject({
      remedy: expect.stringContaining(tag === 'auth' ? 'managed identity in the Azure portal' : 'network'),
    });
  });

  it('that is not chosen, and not there, is no reason to try again', async () => {
    service.answer = undefined;
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url });
    vi.stubEnv('PATH', '/nonexistent');
    expect(await rejection(openCredential(undefined, { tenant }).token(scope, never()))).toMatchObject({
      tag: 'auth',
      message: 'You are not signed in to Azure.',
      remedy: `Run: az login --tenant ${tenant}`,
    });
  });

  it('is asked at its metadata service', async () => {
    service.answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { access_token: 'of-the-machine', expires_in: '3600', expires_on: inAnHour(), token_type: 'Bearer' },
    };
    const { requests } = service;
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url });
    expect((await openCredential('managedIdentity').token(scope, never())).token).toBe('of-the-machine');
    expect(requests.at(-1)?.path).toContain('/metadata/identity/oauth2/token');
    expect(requests.at(-1)?.headers['metadata']).toBe('true');
  });
});
