import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { never, rejection } from '../../../../conformance/harness.ts';
import type { StubAnswer } from '../../../../fixtures/azure/httpStub.ts';
import { app, openCredential, scope, setVariables, tenant } from '../../../../fixtures/azure/signIns.ts';

/** What Microsoft's own library makes of a host that answers as Microsoft Entra does, over TLS, which it insists on. */
describe('the AZURE_ variables', () => {
  let url = '';
  let asked: { readonly path: string; readonly body: URLSearchParams }[] = [];
  let answer: () => StubAnswer;
  let stop: () => Promise<void>;
  const trusted = getCACertificates('default');

  beforeAll(async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      keySize: 2048,
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    setDefaultCACertificates([...trusted, cert]);
    const server = createServer({ key, cert }, (incoming, response) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      incoming.on('end', () => {
        const path = incoming.url ?? '';
        if (path.includes('openid-configuration')) {
          const base = `${url}${path.split('/v2.0')[0] ?? ''}`;
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              token_endpoint: `${base}/oauth2/v2.0/token`,
              authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
              issuer: `${base}/v2.0`,
              jwks_uri: `${base}/discovery/v2.0/keys`,
            }),
          );
          return;
        }
        asked.push({ path, body: new URLSearchParams(text) });
        const { status, body } = answer();
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body ?? {}));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stop = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    asked = [];
  });

  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await stop();
  });

  const good = { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: app, AZURE_CLIENT_SECRET: 's3cret' };
  const token = (): StubAnswer => ({
    status: 200,
    body: { token_type: 'Bearer', expires_in: 3600, access_token: 'of-the-app' },
  });
  const refusal = (status: number, code: number, error: string, text: string) => (): StubAnswer => ({
    status,
    body: { error, error_description: `AADSTS${code}: ${text} Trace ID: x`, error_codes: [code] },
  });

  it('sign in an application by its secret', async () => {
    setVariables(good);
    answer = token;
    const found = await openCredential('environment', { authority: url }).token(scope, never());
    expect(found.token).toBe('of-the-app');
    expect(found.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
    expect(asked.map(({ path }) => path)).toEqual([expect.stringContaining(`/${tenant}/oauth2/v2.0/token`)]);
    expect(asked[0]?.body.get('client_id')).toBe(app);
    expect(asked[0]?.body.get('client_secret')).toBe('s3cret');
    expect(asked[0]?.body.get('scope')).toContain(scope);
  });

  it('sign in to the tenant of the connection, which may be another', async () => {
    setVariables(good);
    answer = token;
    const other = '0b1c2d3e-4d3a-4c8e-9a51-2f60c3de8a11';
    await openCredential('environment', { authority: url, tenant: other }).token(scope, never());
    expect(asked[0]?.path).toContain(`/${other}/`);
  });

  it.each([
    ['a secret that is wrong', 401, 7000215, 'invalid_client', 'Invalid client secret provided.'],
    ['a secret that has ended', 401, 7000222, 'invalid_client', 'The provided client secret keys are expired.'],
    ['an application that is not there', 400, 700016, 'unauthorized_client', 'Application was not found.'],
  ])('say so of %s, in Microsoft’s words, with what to set', async (_, status, code, error, text) => {
    setVariables(good);
    answer = refusal(status, code, error, text);
    const refused = await rejection(openCredential('environment', { authority: url }).token(scope, never()));
    expect(refused).toMatchObject({
      tag: 'auth',
      message: expect.stringContaining('the AZURE_ variables of the environment'),
      raw: expect.stringContaining(`AADSTS${code}: ${text}`),
      remedy: expect.stringContaining('AZURE_CLIENT_SECRET'),
    });
    expect(JSON.stringify(refused)).not.toContain('s3cret');
  });

  it.each([
    ['none of them', {}],
    ['no secret', { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: app }],
    ['a tenant that is none', { ...good, AZURE_TENANT_ID: 'what is this?' }],
  ])('say so of %s, without asking anybody', async (_, values) => {
    setVariables(values);
    expect(await rejection(openCredential('environment', { authority: url }).token(scope, never()))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('AZURE_TENANT_ID'),
    });
    expect(asked).toEqual([]);
  });

  it('are what is wrong, though no way to sign in was chosen, when they are refused and nothing else is there', async () => {
    setVariables({ ...good, AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' });
    vi.stubEnv('PATH', '/nonexistent');
    answer = refusal(401, 7000222, 'invalid_client', 'The provided client secret keys are expired.');
    expect(await rejection(openCredential(undefined, { authority: url }).token(scope, never()))).toMatchObject({
      tag: 'auth',
      message: expect.stringContaining('the AZURE_ variables'),
      raw: expect.stringMatching(/Azure CLI: .*\n.*AADSTS7000222/su),
      remedy: expect.stringContaining('AZURE_CLIENT_SECRET'),
    });
  });

  it('are worth another try when a part of Microsoft Entra is down', async () => {
    setVariables(good);
    answer = refusal(503, 90033, 'temporarily_unavailable', 'A transient error.');
    expect(await rejection(openCredential('environment', { authority: url }).token(scope, never()))).toMatchObject({
      tag: 'transient',
    });
  });

  it('are worth another try when the host cannot be reached', async () => {
    setVariables(good);
    expect(
      await rejection(openCredential('environment', { authority: 'https://127.0.0.1:9' }).token(scope, never())),
    ).toMatchObject({
      tag: 'transient',
      remedy: expect.stringContaining('network'),
    });
  });
});
