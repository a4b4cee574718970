import { afterEach, describe, expect, it } from 'vitest';
import type { Accounts } from '../../../../src/core/ports.ts';
import { AzureApi } from '../../../../src/providers/azure/client/api.ts';
import { BlobContainer } from '../../../../src/providers/azure/client/blobs.ts';
import { Credential } from '../../../../src/providers/azure/client/credential.ts';
import { cloudOf } from '../../../../src/providers/azure/cloud.ts';
import { gather, never, rejection, tagOf } from '../../../conformance/harness.ts';
import { testPorts } from '../../../emulators/scripted/testPorts.ts';
import { type HttpStub, startStub, type StubAnswer, type StubRequest } from '../../../fixtures/azure/httpStub.ts';

const { clock, logger } = testPorts('azure');
let stub: HttpStub | undefined;

afterEach(async () => {
  await stub?.stop();
});

async function open(
  answer: (request: StubRequest, index: number) => StubAnswer | undefined,
  accounts: Accounts = counted(),
): Promise<AzureApi> {
  stub = await startStub(answer);
  const cloud = cloudOf({ endpoints: { resourceManager: stub.url } });
  const credential = new Credential({ cloud, tenant: 'lab.example', kind: 'editor', accounts, clock, logger });
  return new AzureApi({ cloud, credential, apiVersion: undefined, clock });
}

/** Tokens that tell which they are. */
function counted(expiresIn = 3_600_000): Accounts {
  let count = 0;
  return { token: async () => ({ token: `token-${(count += 1)}`, expiresAt: Date.now() + expiresIn }) };
}

describe('calls to Resource Manager', () => {
  it('carry the pinned version and a token, which is asked for once', async () => {
    const api = await open(() => ({ status: 200, body: { name: 'x' } }));
    await Promise.all([api.get('/a', never()), api.get('/b', never())]);
    expect(await api.get('/c', never())).toEqual({ name: 'x' });
    expect(new Set(stub?.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer token-1']));
    expect(stub?.requests.at(-1)?.path).toBe('/c?api-version=2025-12-01');
  });

  it('sign in anew once when the token ended before its time', async () => {
    const api = await open((_, index) => (index === 0 ? { status: 401 } : { status: 200, body: 1 }));
    expect(await api.get('/a', never())).toBe(1);
    expect(stub?.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('say how to sign in when that does not help either', async () => {
    const api = await open(() => ({ status: 401 }));
    const error = await rejection(api.get('/a', never()));
    expect(error).toMatchObject({ tag: 'auth', remedy: expect.stringContaining('Sign In Again') });
    expect(stub?.requests).toHaveLength(2);
  });

  it('are not sent again by themselves', async () => {
    const api = await open(() => ({ status: 429, headers: { 'retry-after': '17' } }));
    expect(await rejection(api.call('PUT', '/a', { body: {} }, never()))).toMatchObject({
      tag: 'rateLimited',
      retryAfterMs: 17_000,
    });
    expect(stub?.requests).toHaveLength(1);
  });

  it('read a wait until a date by the clock of whoever answered', async () => {
    const headers = { date: 'Thu, 01 Jan 2026 10:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 10:00:05 GMT' };
    const api = await open(() => ({ status: 503, headers }));
    expect(await rejection(api.get('/a', never()))).toMatchObject({ tag: 'transient', retryAfterMs: 5000 });
  });

  it('follow a list to its end', async () => {
    const api = await open(({ path }) =>
      path.startsWith('/next')
        ? { status: 200, body: { value: [3], nextLink: null } }
        : { status: 200, body: { value: [1, 2], nextLink: `${stub?.url}/next?x=1` } },
    );
    expect(await api.list('/a', never())).toEqual([1, 2, 3]);
  });

  it('take no token to another host that a list names', async () => {
    const api = await open(() => ({ status: 200, body: { value: [], nextLink: 'https://elsewhere.example/x' } }));
    expect(tagOf(await rejection(api.list('/a', never())))).toBe('invalid');
  });

  it('end in a transient error when the connection breaks or the answer is no JSON', async () => {
    const api = await open((_, index) => (index === 0 ? undefined : { status: 200, body: '<html>' }));
    expect(tagOf(await rejection(api.get('/a', never())))).toBe('transient');
    expect(tagOf(await rejection(api.get('/a', never())))).toBe('transient');
  });

  it('reject with the reason of the signal', async () => {
    const api = await open(() => ({ status: 200 }));
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    expect(await rejection(api.get('/a', abort.signal))).toBe(abort.signal.reason);
  });
});

describe('signing in', () => {
  it('keeps a token for a while however wrong this machine’s clock is', async () => {
    const api = await open(() => ({ status: 200, body: 1 }), counted(-3_600_000));
    await api.get('/a', never());
    await api.get('/a', never());
    expect(stub?.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
  });

  it('says where to sign in when the editor has no account', async () => {
    const api = await open(() => ({ status: 200 }), { token: async () => null });
    expect(await rejection(api.get('/a', never()))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('under Accounts'),
    });
    expect(stub?.requests).toEqual([]);
  });
});

describe('blobs', () => {
  async function container(
    answer: (request: StubRequest, index: number) => StubAnswer | undefined,
  ): Promise<BlobContainer> {
    stub = await startStub(answer);
    const access = { url: `${stub.url}/account/box`, sas: async () => 'sig=a%2Bb', token: async () => null };
    return new BlobContainer(access, clock);
  }

  it('are made only where there is none', async () => {
    const box = await container((_, index) =>
      index === 0 ? { status: 201 } : { status: 409, headers: { 'x-ms-error-code': 'BlobAlreadyExists' } },
    );
    expect(await box.create('a/b c', Buffer.from('bytes'), never())).toBe(true);
    expect(await box.create('a/b c', Buffer.from('bytes'), never())).toBe(false);
    expect(stub?.requests[0]).toMatchObject({ method: 'PUT', path: '/account/box/a/b%20c?sig=a%2Bb', body: 'bytes' });
    expect(stub?.requests[0]?.headers).toMatchObject({ 'if-none-match': '*', 'x-ms-blob-type': 'BlockBlob' });
  });

  it('are listed page after page, whatever their names are', async () => {
    const page = (name: string, marker: string): string =>
      `<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>${name}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 10:00:00 GMT</Last-Modified><Content-Length>7</Content-Length></Properties></Blob></Blobs><NextMarker>${marker}</NextMarker></EnumerationResults>`;
    const box = await container((_, index) => ({
      status: 200,
      body: index === 0 ? page('a&amp;b&#x41;', 'm 1') : page('c', ''),
    }));
    expect(await gather(box.list('a', never()))).toEqual([
      { name: 'a&bA', bytes: 7, modifiedAt: Date.UTC(2026, 0, 1, 10) },
      { name: 'c', bytes: 7, modifiedAt: Date.UTC(2026, 0, 1, 10) },
    ]);
    expect(stub?.requests[1]?.path).toContain('marker=m+1');
  });

  it('are read from an offset on', async () => {
    const box = await container(() => ({ status: 206, body: 'rest' }));
    const chunks = await gather(box.stream('a', never(), 5));
    expect(Buffer.concat(chunks).toString()).toBe('rest');
    expect(stub?.requests[0]?.headers.range).toBe('bytes=5-');
  });

  it('name the role that is missing', async () => {
    const xml = '<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>no</Message></Error>';
    const box = await container(() => ({ status: 403, body: xml }));
    expect(await rejection(box.read('a', never()))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('Storage Blob Data Contributor'),
    });
  });
});
