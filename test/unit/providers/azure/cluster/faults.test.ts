import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../../src/core/accelerator.ts';
import type { SnapshotId } from '../../../../../src/core/job.ts';
import type { Connection, Observation, Snapshot } from '../../../../../src/core/provider.ts';
import { isRetryable } from '../../../../../src/core/providerError.ts';
import { jobName, stored } from '../../../../../src/providers/azure/names.ts';
import { hasEnded, never, newKey, rejection, specFor } from '../../../../conformance/harness.ts';
import { refusal, tooManyRequests } from '../../../../emulators/azure/armError.ts';
import { blobStoreContainer } from '../../../../emulators/azure/world.ts';
import { AzureLab, until } from '../../../../fixtures/azure/lab.ts';

let lab: AzureLab;
let connection: Connection;

beforeAll(async () => {
  lab = await AzureLab.start();
  connection = lab.open();
}, 60_000);

afterEach(() => {
  const { control } = lab;
  control.clearFaults();
  control.refuseAz(null);
  control.deny(null);
  control.skewClock(0);
  control.withholdCapacity(() => false);
});

afterAll(async () => {
  await lab.stop();
}, 60_000);

describe('one submit', () => {
  it('is one job whichever answer is lost, though another window goes on', async () => {
    for (const kind of ['loseReply', 'loseRequest'] as const) {
      for (let after = 0; after < 8; after += 1) {
        const key = newKey();
        const more = { image: `python:3.${after}`, secrets: ['TOKEN'] };
        const secrets = new Map([['TOKEN', 'x']]);
        lab.control.addFault({ on: {}, kind, after });
        const first = await lab.submit(lab.open(), 'true', more, secrets, key).catch((error: unknown) => error);
        expect('handle' in Object(first) || isRetryable(first), String(first)).toBe(true);
        lab.control.clearFaults();
        const other = lab.open();
        const found = await other.find(key, never());
        const { handle } = await lab.submit(other, 'true', more, secrets, key);
        expect(handle).toEqual(found ?? handle);
        expect(lab.count(key)).toBe(1);
      }
    }
  }, 120_000);

  it('is one job when its request and its answer cross with those of another window', async () => {
    const key = newKey();
    lab.control.addFault({ on: { method: 'PUT', path: /\/jobs\/[^/]+$/u }, kind: 'delay', ms: 300 });
    const both = await Promise.all(
      [connection, lab.open()].map(async (each) => lab.submit(each, 'true', {}, new Map(), key)),
    );
    expect(both[0]?.handle).toEqual(both[1]?.handle);
    expect(lab.count(key)).toBe(1);
  });

  it('leaves no secrets behind when Azure refuses the job', async () => {
    const key = newKey();
    const put = { method: 'PUT', path: /\/jobs\/[^/]+$/u };
    lab.control.addFault({ on: put, kind: 'fail', error: refusal(400, 'UserError', 'No.') });
    const refused = lab.submit(connection, 'true', { secrets: ['TOKEN'] }, new Map([['TOKEN', 'hush']]), key);
    expect(await rejection(refused)).toMatchObject({ tag: 'invalid' });
    expect(await blob(stored.secrets(jobName(key)))).toBe(false);
  });
});

async function blob(name: string): Promise<boolean> {
  const [workspace] = lab.control.workspaces;
  const container = workspace === undefined ? '' : blobStoreContainer(workspace);
  return lab.control.storage.container(container).getBlobClient(name).exists();
}

describe('secrets', () => {
  it('are not in the record of the job, reach it, and are gone when it has ended', async () => {
    const command = 'test "${#TOKEN}" = 13';
    const secrets = new Map([['TOKEN', 'correct horse']]);
    const { handle } = await lab.submit(connection, command, { secrets: ['TOKEN'] }, secrets);
    expect(await blob(stored.secrets(handle.id))).toBe(true);
    expect(await until(connection, handle, hasEnded)).toMatchObject({ state: 'succeeded' });
    expect(JSON.stringify(lab.control.job(handle.id).resource())).not.toContain('correct horse');
    expect(await blob(stored.secrets(handle.id))).toBe(false);
  });
});

describe('the sign-in', () => {
  it('is renewed when a token ends before its time, without anybody noticing', async () => {
    const { handle } = await lab.submit(connection, 'sleep 0.3');
    const before = lab.control.azCalls;
    lab.control.expireTokens();
    expect(await until(connection, handle, hasEnded)).toMatchObject({ state: 'succeeded' });
    expect(lab.control.azCalls).toBe(before + 1);
  });

  it('that ended names the command that signs in', async () => {
    lab.control.expireTokens();
    lab.control.signOut();
    expect(await rejection(connection.list(never()))).toMatchObject({
      tag: 'auth',
      remedy: `Run: az login --tenant ${lab.azure.tenant}`,
    });
    lab.control.refuseAz(null);
    await connection.list(never());
  });

  it('of storage is renewed as well', async () => {
    await connection.stage(lab.snapshot, never(), () => undefined);
    lab.control.expireSignatures();
    await connection.stage(lab.snapshot, never(), () => undefined);
  });

  it('says who one is, and which right is missing', async () => {
    expect(await connection.identity(never())).toEqual({ account: 'ada@lab.example', expiresAt: null });
    lab.control.deny(/jobs\/write$/u);
    const error = await rejection(lab.submit(connection, 'true'));
    expect(error).toMatchObject({ tag: 'auth', remedy: expect.stringContaining('AzureML Data Scientist') });
    expect(String(error)).toContain('jobs/write');
  });
});

describe('trouble', () => {
  it('of too many requests is told once per question, with the wait that Azure asks for', async () => {
    const jobs = { method: 'GET', path: /\/jobs$/u };
    lab.control.addFault({ on: jobs, kind: 'fail', error: tooManyRequests(7), times: 5 });
    const before = lab.control.countRequests(jobs);
    const { handle } = { handle: { id: 'aloft-x-1', data: {} } };
    for (let asked = 0; asked < 5; asked += 1) {
      expect(await rejection(connection.observe([handle], never()))).toMatchObject({
        tag: 'rateLimited',
        retryAfterMs: 7000,
      });
    }
    expect(lab.control.countRequests(jobs)).toBe(before + 5);
    expect((await connection.observe([handle], never())).size).toBe(0);
  });

  it.each([-2 * 3_600_000, 2 * 3_600_000])('of clocks that differ by %i ms is none', async (ms) => {
    lab.control.skewClock(ms);
    const own = lab.open();
    const { handle } = await lab.submit(own, 'echo hello', { outputs: ['*'] });
    expect(await until(own, handle, hasEnded)).toMatchObject({ state: 'succeeded', exitCode: 0 });
  });

  it.each(['fail', 'hang'] as const)('of one region leaves a workspace in another alone (%s)', async (kind) => {
    const { handle: here } = await lab.submit(connection, 'true');
    const [, teaching] = lab.control.workspaces;
    const { subscription = '', group: resourceGroup = '', name: workspace = '' } = teaching ?? {};
    const elsewhere = lab.open({ subscription, resourceGroup, workspace });
    const down = { on: { path: /\/workspaces\/vision(?:\/|$)/u }, times: 1000 };
    lab.control.addFault(
      kind === 'hang' ? { ...down, kind } : { ...down, kind, error: refusal(503, 'ServiceUnavailable', 'Down.') },
    );
    const gaveUp = AbortSignal.timeout(500);
    const asked = rejection(connection.observe([here], gaveUp));
    const { handle: there } = await lab.submit(elsewhere, 'echo there');
    expect(await until(elsewhere, there, hasEnded)).toMatchObject({ state: 'succeeded' });
    expect(await asked).toMatchObject(kind === 'hang' ? { name: 'TimeoutError' } : { tag: 'transient' });
    lab.control.clearFaults();
    expect(await until(connection, here, hasEnded)).toMatchObject({ state: 'succeeded' });
  });

  it('of quota is told before and after', async () => {
    const accelerator = { name: 'H100' as AcceleratorName, count: 8 };
    expect(await rejection(lab.submit(connection, 'true', { accelerator, nodes: 100 }))).toMatchObject({
      tag: 'quota',
      raw: expect.stringContaining('quota of'),
      remedy: expect.stringContaining('Quota in Azure ML studio'),
    });
  });

  it('of details that cannot be had keeps the end back until they can', async () => {
    const own = lab.open();
    const { handle } = await lab.submit(own, 'exit 4');
    await until(connection, handle, hasEnded);
    const details = { path: /\/details$/u };
    lab.control.addFault({ on: details, kind: 'fail', error: refusal(503, 'ServiceUnavailable', 'Busy.') });
    expect((await own.observe([handle], never())).get(handle.id)).toMatchObject({
      state: 'unknown',
      nativeState: 'Failed',
    });
    expect((await own.observe([handle], never())).get(handle.id)).toMatchObject({ state: 'failed', exitCode: 4 });
  });
});

describe('states', () => {
  it('go back to the queue when a spot machine is taken away, and on to the end', async () => {
    const seen: Observation[] = [];
    const { handle } = await lab.submit(connection, 'sleep 1', { spot: true });
    await until(connection, handle, ({ state }) => state === 'running', seen);
    lab.control.preempt(handle.id);
    const back = await until(connection, handle, ({ state }) => state === 'preempted', seen);
    expect(back.explanation).toContain('taken away');
    expect(await until(connection, handle, hasEnded, seen)).toMatchObject({ state: 'succeeded' });
  });

  it('of a machine that is not heard of are told, and nothing ends by it', async () => {
    const { handle } = await lab.submit(connection, 'sleep 1');
    await until(connection, handle, ({ state }) => state === 'running');
    lab.control.setHeartbeat(handle.id, false);
    const lost = await until(connection, handle, ({ nativeState }) => nativeState === 'NotResponding');
    expect(lost).toMatchObject({ state: 'running', explanation: expect.stringContaining('not been heard of') });
    lab.control.setHeartbeat(handle.id, true);
    expect(await until(connection, handle, hasEnded)).toMatchObject({ state: 'succeeded' });
  });

  it('explain what a cluster waits for, and a wait ends by a cancel', async () => {
    const error = { code: 'ClusterCoreQuotaReached', message: 'Operation results in exceeding quota limits of Core.' };
    lab.control.addCompute({ name: 'gpu', vmSize: 'Standard_NC24ads_A100_v4', error });
    lab.control.withholdCapacity(() => true);
    const own = lab.open();
    const { handle } = await lab.submit(own, 'true', { options: { compute: 'gpu' } });
    const waiting = await until(own, handle, ({ nativeState }) => nativeState === 'Queued');
    expect(waiting).toMatchObject({
      state: 'queued',
      explanation: 'The cluster gpu cannot grow: the quota for cores of this kind in this region is used up',
      reason: expect.stringContaining('ClusterCoreQuotaReached'),
    });
    await own.cancel(handle, never());
    expect(await until(own, handle, hasEnded)).toMatchObject({ state: 'cancelled', startedAt: null });
  });

  it('of many jobs are asked for by one list', async () => {
    const own = lab.open();
    const submitted = await Promise.all(Array.from({ length: 12 }, async () => lab.submit(own, 'sleep 5')));
    const handles = submitted.map(({ handle }) => handle);
    for (const handle of handles) {
      await until(own, handle, ({ state, startedAt }) => state === 'running' && startedAt !== null);
    }
    lab.control.setPageSize(1000);
    const before = lab.control.countRequests();
    expect((await own.observe(handles, never())).size).toBe(12);
    expect(lab.control.countRequests()).toBe(before + 1);
    lab.control.setPageSize(10);
    await Promise.all(handles.map(async (handle) => own.cancel(handle, never())));
  });
});

describe('code', () => {
  it('of which one file of a thousand was edited sends that file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aloft-azure-code-'));
    try {
      const own = lab.open();
      const first = await snapshotOf(
        folder,
        Array.from({ length: 1000 }, (_, index) => `file ${index}`),
      );
      await own.stage(first, never(), () => undefined);
      const again = await snapshotOf(
        folder,
        Array.from({ length: 1000 }, (_, index) => (index === 500 ? 'edited' : `file ${index}`)),
      );
      const puts = { method: 'PUT', path: /\/aloft\//u };
      const before = lab.control.countRequests(puts);
      await own.stage(again, never(), () => undefined);
      expect(lab.control.countRequests(puts)).toBe(before + 2);
      const asked = lab.control.countRequests({ path: /azureml-blobstore/u });
      await own.stage(again, never(), () => undefined);
      expect(lab.control.countRequests(puts)).toBe(before + 2);
      // The list of the snapshot, and pieces by how they begin.
      expect(lab.control.countRequests({ path: /azureml-blobstore/u })).toBeLessThanOrEqual(asked + 17);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it.each([3, 100])(
    'that was deleted since, of %i pieces, is sent again before a job needs it',
    async (count) => {
      const folder = await mkdtemp(join(tmpdir(), 'aloft-azure-code-'));
      try {
        const own = lab.open();
        const snapshot = await snapshotOf(
          folder,
          Array.from({ length: count }, (_, index) => `${count} of ${index}`),
        );
        const container = lab.control.storage.container(`azureml-blobstore-${lab.control.workspaces[0]?.id ?? ''}`);
        const blobs = async (): Promise<readonly string[]> => {
          const names: string[] = [];
          for await (const { name } of container.listBlobsFlat({ prefix: 'aloft/' })) {
            names.push(name);
          }
          return names;
        };
        const list = `aloft/code/${snapshot.id}`;
        const pieceOf = (index: number): string => `aloft/pieces/${snapshot.pieces[index]?.sha256 ?? ''}.gz`;
        await own.stage(snapshot, never(), () => undefined);
        for (const lost of [[pieceOf(1)], [pieceOf(0), pieceOf(count - 1)], [list], [list, pieceOf(2)]]) {
          await Promise.all(lost.map(async (name) => container.deleteBlob(name)));
          const puts = lab.control.countRequests({ method: 'PUT', path: /\/aloft\//u });
          await own.stage(snapshot, never(), () => undefined);
          expect(await blobs()).toEqual(expect.arrayContaining(lost));
          expect(lab.control.countRequests({ method: 'PUT', path: /\/aloft\//u })).toBe(puts + lost.length);
        }
        // One that is gone here as well cannot be sent.
        await container.deleteBlob(pieceOf(1));
        await rm(snapshot.piecePath(snapshot.pieces[1] ?? { sha256: '', bytes: 0 }));
        expect(await rejection(own.stage(snapshot, never(), () => undefined))).toMatchObject({
          tag: 'invalid',
          remedy: 'Submit again.',
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    60_000,
  );

  it('whose list is there is not taken for whole: a job gets what was deleted since', async () => {
    const own = lab.open();
    await lab.submit(own, 'true');
    const container = lab.control.storage.container(`azureml-blobstore-${lab.control.workspaces[0]?.id ?? ''}`);
    for (const { sha256 } of lab.snapshot.pieces) {
      await container.deleteBlob(`aloft/pieces/${sha256}.gz`);
    }
    const { handle } = await lab.submit(own, 'true');
    expect(await until(own, handle, hasEnded)).toMatchObject({ state: 'succeeded' });
  });
});

async function snapshotOf(folder: string, pieces: readonly string[]): Promise<Snapshot> {
  const all = await Promise.all(
    pieces.map(async (text) => {
      const bytes = Buffer.from(text);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await writeFile(join(folder, sha256), bytes);
      return { sha256, bytes: bytes.length };
    }),
  );
  return {
    id: createHash('sha256').update(JSON.stringify(all)).digest('hex') as SnapshotId,
    files: pieces.length,
    bytes: pieces.join('').length,
    pieces: all,
    piecePath: ({ sha256 }) => join(folder, sha256),
  };
}

describe('nodes', () => {
  it('of a job run together, each with its rank, and keep their results apart', async () => {
    const command = 'echo "$NODE_RANK of $NNODES" > rank.txt';
    const { handle } = await lab.submit(connection, command, { nodes: 2, outputs: ['rank.txt'] });
    expect(await until(connection, handle, hasEnded)).toMatchObject({ state: 'succeeded' });
    expect(await blob(`${stored.results(handle.id)}0/rank.txt`)).toBe(true);
    expect(await blob(`${stored.results(handle.id)}1/rank.txt`)).toBe(true);
  });
});

it('a lost store is rebuilt from what Azure has', async () => {
  const spec = specFor('echo it', { name: 'rebuilt', secrets: ['A'], outputs: ['x'], env: { B: '${{c}}' } });
  const { key, handle } = await lab.submit(connection, spec.command, spec, new Map([['A', '1']]));
  const found = (await lab.open().list(never())).find((each) => each.key.runId === key.runId);
  expect(found).toMatchObject({ key, handle, name: 'rebuilt' });
  expect(connection.location(handle)).toMatchObject({
    kind: 'url',
    site: 'Azure ML studio',
    url: expect.stringContaining(`https://ml.azure.com/runs/${handle.id}?wsid=`),
  });
});
