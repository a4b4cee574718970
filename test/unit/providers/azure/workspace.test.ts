import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AzureSettings } from '../../../../src/providers/azure/settings.ts';
import { AzureApi } from '../../../../src/providers/azure/client/api.ts';
import { Credential } from '../../../../src/providers/azure/client/credential.ts';
import { Workspace } from '../../../../src/providers/azure/client/workspace.ts';
import { cloudOf } from '../../../../src/providers/azure/cloud.ts';
import { workspaceId } from '../../../../src/providers/azure/paths.ts';
import { gather, never, rejection, tagOf } from '../../../conformance/harness.ts';
import { testPorts } from '../../../emulators/scripted/testPorts.ts';
import { type HttpStub, startStub, type StubAnswer } from '../../../fixtures/azure/httpStub.ts';

/** The account that every Azurite has. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const { clock, logger } = testPorts('azure');

let azurite: ReturnType<typeof spawn> | undefined;
let blobs = '';
let stub: HttpStub | undefined;

beforeAll(async () => {
  const main = fileURLToPath(new URL('../../../../node_modules/azurite/dist/src/blob/main.js', import.meta.url));
  const args = [main, '--inMemoryPersistence', '--blobPort', '0', '--skipApiVersionCheck', '--disableTelemetry'];
  azurite = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (azurite.stdout === null) {
    throw new Error('Azurite has no output.');
  }
  for await (const line of createInterface(azurite.stdout)) {
    const url = /listen(?:s|ing) (?:at|on) (http:\S+)/u.exec(line)?.[1];
    if (url !== undefined) {
      blobs = url;
      break;
    }
  }
  const service = new BlobServiceClient(`${blobs}/${account}`, new StorageSharedKeyCredential(account, key));
  await service.createContainer('box');
}, 60_000);

afterAll(() => {
  azurite?.kill();
});

afterEach(async () => {
  await stub?.stop();
});

async function open(answer: (path: string) => StubAnswer | undefined): Promise<Workspace> {
  stub = await startStub(({ path }) => answer(path.split('?')[0] ?? ''));
  const settings: AzureSettings = {
    subscription: '00000000-1111-2222-3333-444444444444',
    resourceGroup: 'lab',
    workspace: 'vision',
    endpoints: { resourceManager: stub.url, blob: `${blobs}/{account}` },
  };
  const cloud = cloudOf(settings);
  const accounts = { token: async () => ({ token: 'x', expiresAt: Date.now() + 3_600_000 }) };
  const credential = new Credential({ cloud, tenant: undefined, kind: 'editor', accounts, clock, logger });
  const api = new AzureApi({ cloud, credential, apiVersion: undefined, clock });
  expect(workspaceId(settings)).toContain('/workspaces/vision');
  return new Workspace({ api, credential, settings, clock });
}

const box = {
  name: 'workspaceblobstore',
  properties: { datastoreType: 'AzureBlob', accountName: account, containerName: 'box', isDefault: true },
};

describe('the default datastore of a workspace', () => {
  it('is read and written with a signature made of its key', async () => {
    const workspace = await open((path) => {
      if (path.endsWith('/datastores')) {
        return { status: 200, body: { value: [box] } };
      }
      return path.endsWith('/listSecrets')
        ? { status: 200, body: { secretsType: 'AccountKey', key } }
        : { status: 404 };
    });
    const { name, container } = await workspace.defaultStore(never());
    expect(name).toBe('workspaceblobstore');
    expect(await container.has('a/b c', never())).toBe(false);
    expect(await container.create('a/b c', Buffer.from('some bytes'), never())).toBe(true);
    expect(await container.create('a/b c', Buffer.from('other'), never())).toBe(false);
    expect(await container.has('a/b c', never())).toBe(true);
    expect(await container.read('a/b c', never())).toBe('some bytes');
    expect(await container.read('nothing', never())).toBeNull();
    expect(Buffer.concat(await gather(container.stream('a/b c', never(), 5))).toString()).toBe('bytes');
    expect(await gather(container.list('a/', never()))).toEqual([
      { name: 'a/b c', bytes: 10, modifiedAt: expect.any(Number) },
    ]);
    await container.delete('a/b c', never());
    await container.delete('a/b c', never());
    expect(await gather(container.list('a/', never()))).toEqual([]);
    expect(stub?.requests.filter(({ path }) => path.includes('/listSecrets'))).toHaveLength(1);
  });

  it('that keeps no secrets is opened with the person’s own token', async () => {
    const workspace = await open((path) =>
      path.endsWith('/datastores')
        ? { status: 200, body: { value: [box] } }
        : { status: 400, body: { error: { code: 'UserError', message: 'No secrets.' } } },
    );
    const { container } = await workspace.defaultStore(never());
    expect(tagOf(await rejection(container.has('a', never())))).toBe('auth');
  });

  it('that is no blob container is explained', async () => {
    const other = { name: 'lake', properties: { datastoreType: 'AzureFile', isDefault: true } };
    const workspace = await open(() => ({ status: 200, body: { value: [other] } }));
    expect(await rejection(workspace.defaultStore(never()))).toMatchObject({
      tag: 'unsupported',
      raw: 'lake: AzureFile',
    });
  });

  it('is asked for again after a failure, and by others when the first goes away', async () => {
    let count = 0;
    const workspace = await open(() => {
      count += 1;
      return count === 1 ? { status: 503 } : { status: 200, body: { value: [box] } };
    });
    expect(tagOf(await rejection(workspace.defaultStore(never())))).toBe('transient');
    const abort = new AbortController();
    const first = rejection(workspace.defaultStore(abort.signal));
    const second = workspace.defaultStore(never());
    abort.abort(new Error('gone'));
    expect(await first).toBe(abort.signal.reason);
    expect((await second).name).toBe('workspaceblobstore');
  });
});
