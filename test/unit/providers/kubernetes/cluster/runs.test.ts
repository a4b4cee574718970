import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connection, Snapshot } from '../../../../../src/core/provider.ts';
import { gather, never, newKey, rejection, specFor } from '../../../../conformance/harness.ts';
import { bigSnapshot } from '../../../../fixtures/kubernetes/bigSnapshot.ts';
import { expired } from '../../../../emulators/kubernetes/api/status.ts';
import { jobs, pods, resourceQuotas, secrets, services } from '../../../../emulators/kubernetes/objects/resources.ts';
import { Lab, noContainers, readWhole, until, untilEnded } from '../../../../fixtures/kubernetes/lab.ts';

let lab: Lab;
let connection: Connection;

beforeAll(async () => {
  lab = await Lab.start();
  lab.control.addNode({
    name: 'spot-1',
    labels: { 'cloud.google.com/gke-spot': 'true' },
    taints: [{ key: 'cloud.google.com/gke-spot', value: 'true', effect: 'NoSchedule' }],
    allocatable: { cpu: '8', memory: '32Gi' },
  });
  connection = lab.open();
});

afterEach(() => {
  lab.aheadMs = 0;
  lab.control.images.allowAll();
  lab.control.clearFaults();
});

afterAll(async () => {
  await lab.stop();
});

describe.skipIf(noContainers !== null)('what a job needs', () => {
  it('goes with it: its secrets, its code and the names of its nodes', async () => {
    const value = 'correct-horse';
    const { handle, name } = await lab.submit(
      connection,
      'test ${#TOKEN} -eq 13 && cat data/greeting.txt',
      { secrets: ['TOKEN'], nodes: 2 },
      new Map([['TOKEN', value]]),
    );
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
    const job = lab.control.get(jobs, 'default', name);
    expect(JSON.stringify(job)).not.toContain(value);
    const uid = job?.metadata.uid;
    const owned = [
      lab.control.get(secrets, 'default', `${name}-env`),
      lab.control.get(services, 'default', name),
      lab.control.list(secrets, 'default').find((each) => each.metadata.name.startsWith('aloft-code-')),
    ];
    for (const each of owned) {
      expect(each?.metadata.ownerReferences?.map((owner) => owner.uid)).toContain(uid);
    }
    await connection.remove(handle, never());
    await expect.poll(() => lab.control.get(secrets, 'default', `${name}-env`)).toBeUndefined();
    await expect.poll(() => lab.control.get(services, 'default', name)).toBeUndefined();
    await expect
      .poll(() => lab.control.list(pods, 'default').filter((pod) => pod.metadata.name.startsWith(name)))
      .toEqual([]);
  });

  it('leaves nothing behind when the job is refused', async () => {
    const key = newKey();
    const plan = connection.plan({
      spec: specFor('true', { image: 'python:3.12 ', secrets: ['TOKEN'], nodes: 2 }),
      key,
      snapshotId: lab.snapshot.id,
      interpreter: null,
    });
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    const submitting = connection.submit({ plan, key, staged, secrets: new Map([['TOKEN', 'x']]) }, never());
    expect(await rejection(submitting)).toMatchObject({ tag: 'invalid' });
    const name = `aloft-${key.runId.toLowerCase()}`;
    expect(lab.control.get(secrets, 'default', `${name}-env`)).toBeUndefined();
    expect(lab.control.get(services, 'default', name)).toBeUndefined();
  });

  it('is put back when the code went with another job at the wrong moment', async () => {
    const key = newKey();
    const plan = connection.plan({
      spec: specFor('cat data/greeting.txt'),
      key,
      snapshotId: lab.snapshot.id,
      interpreter: null,
    });
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    for (const secret of lab.control.list(secrets, 'default')) {
      lab.control.remove(secrets, 'default', secret.metadata.name);
    }
    const handle = await connection.submit({ plan, key, staged, secrets: new Map() }, never());
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
  });

  it('stays while another job has the same code', async () => {
    const first = await lab.submit(connection, 'sleep 600');
    const second = await lab.submit(connection, 'sleep 1; cat data/greeting.txt');
    await until(connection, first.handle, (each) => each?.state === 'running');
    await connection.cancel(first.handle, never());
    await untilEnded(connection, first.handle);
    expect((await untilEnded(connection, second.handle)).state).toBe('succeeded');
    expect(lab.control.list(secrets, 'default').some(({ metadata }) => metadata.name.startsWith('aloft-code-'))).toBe(
      true,
    );
  });

  it('is sent to a pod that waits for small code which is not there any more', async () => {
    const stop = lab.control.cordonAll();
    const { handle } = await lab.submit(connection, 'cat data/greeting.txt');
    for (const secret of lab.control.list(secrets, 'default')) {
      lab.control.remove(secrets, 'default', secret.metadata.name);
    }
    stop();
    await until(connection, handle, (each) => each?.explanation === 'Its code is being put in place');
    lab.aheadMs = 20_000;
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
  });

  it('is refused under a name that another job has', async () => {
    const key = newKey();
    const staged = await connection.stage(lab.snapshot, never(), () => undefined);
    const submit = async (command: string): Promise<unknown> => {
      const plan = connection.plan({ spec: specFor(command), key, snapshotId: lab.snapshot.id, interpreter: null });
      return connection.submit({ plan, key, staged, secrets: new Map() }, never());
    };
    await submit('true');
    expect(await rejection(submit('false'))).toMatchObject({ tag: 'conflict' });
  });
});

describe.skipIf(noContainers !== null)('large code', () => {
  let big: { readonly snapshot: Snapshot; readonly greeting: string; readonly dispose: () => Promise<void> };

  beforeAll(async () => {
    big = await bigSnapshot(3_000_000);
  });

  afterAll(async () => {
    await big.dispose();
  });

  it('is sent to every pod, while somebody looks after the job', async () => {
    const { handle } = await lab.submit(
      connection,
      'cat greeting.txt; wc -c < big.bin',
      { nodes: 2 },
      new Map(),
      big.snapshot,
    );
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
    const { streams } = await readWhole(connection, handle);
    const expected = `${big.greeting}3000000\n`;
    expect(streams).toEqual({ stdout: expected, 'stdout.n1': expected });
    expect(
      lab.control
        .list(secrets, 'default')
        .filter(({ metadata }) => metadata.name.includes(big.snapshot.id.slice(0, 20))),
    ).toEqual([]);
  });

  it('is sent again to a pod that takes the place of another, by whoever looks then', async () => {
    const { handle, name } = await lab.submit(
      connection,
      'cat greeting.txt; sleep 600',
      { spot: true },
      new Map(),
      big.snapshot,
    );
    const other = lab.open();
    await until(connection, handle, (each) => each?.state === 'running');
    const pod = lab.control.list(pods, 'default').find((each) => each.metadata.name.startsWith(name));
    if (pod === undefined) {
      throw new Error('There is no pod.');
    }
    lab.control.evict(pod);
    await until(
      other,
      handle,
      (each) =>
        each?.state === 'running' &&
        !lab.control.list(pods, 'default').some(({ metadata }) => metadata.uid === pod.metadata.uid),
    );
    await other.cancel(handle, never());
  });

  it('is tried again when the connection breaks half-way', async () => {
    lab.control.addFault({ on: { resource: 'pods', subresource: 'exec' }, kind: 'loseRequest' });
    const { handle } = await lab.submit(connection, 'cat greeting.txt', {}, new Map(), big.snapshot);
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
  });
});

describe.skipIf(noContainers !== null)('results', () => {
  it('are fetched from every node when the job has ended, and survive its pod', async () => {
    const { handle, name } = await lab.submit(
      connection,
      'mkdir out && echo "$NODE_RANK" > out/rank.txt && head -c 300000 /dev/urandom > out/model.bin && sha256sum < out/model.bin',
      {
        nodes: 2,
        outputs: ['out/**'],
      },
    );
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
    for (const pod of lab.control.list(pods, 'default').filter((each) => each.metadata.name.startsWith(name))) {
      lab.control.remove(pods, 'default', pod.metadata.name);
    }
    const files = await connection.outputs(handle, ['out/**'], never());
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['out/model.bin', 300_000],
      ['out/rank.txt', 2],
      ['node1/out/model.bin', 300_000],
      ['node1/out/rank.txt', 2],
    ]);
    const rank = Buffer.concat(await gather(connection.readOutput(handle, 'node1/out/rank.txt', never())));
    expect(rank.toString()).toBe('1\n');
    await connection.remove(handle, never());
    expect(await rejection(connection.outputs(handle, ['**'], never()))).toMatchObject({ tag: 'notFound' });
  });

  it('are fetched from a job that failed, too', async () => {
    const { handle } = await lab.submit(connection, 'echo half > checkpoint.txt; exit 5', { outputs: ['*.txt'] });
    expect(await untilEnded(connection, handle)).toMatchObject({ state: 'failed', exitCode: 5 });
    const bytes = await gather(connection.readOutput(handle, 'checkpoint.txt', never()));
    expect(Buffer.concat(bytes).toString()).toBe('half\n');
  });

  it('are fetched as far as they can be had, with word of the others', async () => {
    const { handle } = await lab.submit(
      connection,
      String.raw`mkdir out && echo kept > out/kept.txt && echo odd > "out/$(printf 'odd\377')"`,
      { outputs: ['out/**'] },
    );
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
    const files = await connection.outputs(handle, ['out/**'], never());
    expect(files.map(({ path }) => path)).toEqual(['out/kept.txt', 'aloft-missing-results.txt']);
    const text = Buffer.concat(await gather(connection.readOutput(handle, 'aloft-missing-results.txt', never())));
    expect(text.toString()).toContain('out/odd');
  });

  it('can be looked at while the job runs', async () => {
    const { handle } = await lab.submit(connection, 'echo now > so-far.txt; sleep 60');
    await until(connection, handle, (each) => each?.state === 'running');
    await expect
      .poll(async () => (await connection.outputs(handle, ['*.txt'], never())).map(({ path }) => path))
      .toEqual(['so-far.txt']);
    await connection.cancel(handle, never());
  });

  it('are named by the job, or are gone with it: that is said', async () => {
    const { handle } = await lab.submit(connection, 'echo x > x.txt');
    await untilEnded(connection, handle);
    expect(await rejection(connection.outputs(handle, ['**'], never()))).toMatchObject({
      tag: 'notFound',
      remedy: expect.stringContaining('outputs'),
    });
  });
});

describe.skipIf(noContainers !== null)('what can never start', () => {
  it('is ended by Aloft when its image cannot be had for ten minutes, whoever asks then', async () => {
    lab.control.images.allowOnly([]);
    const { handle, name } = await lab.submit(connection, 'true', { image: 'ghcr.io/lab/private:1' });
    const waiting = await until(connection, handle, (each) => each?.nativeState === 'ImagePullBackOff');
    expect(waiting).toMatchObject({
      state: 'provisioning',
      explanation: expect.stringContaining('The registry does not give the image'),
    });
    lab.aheadMs = 700_000;
    const ended = await untilEnded(connection, handle);
    expect(ended).toMatchObject({ state: 'failed', explanation: waiting?.explanation });
    lab.aheadMs = 0;
    const other = (await lab.open().observe([handle], never())).get(handle.id);
    expect(other).toMatchObject({ state: 'failed', explanation: waiting?.explanation });
    await expect
      .poll(() => lab.control.list(pods, 'default').filter((pod) => pod.metadata.name.startsWith(name)))
      .toEqual([]);
  });

  it('is not ended at once for trouble that begins long after it got its node', async () => {
    lab.control.images.allowOnly([]);
    lab.aheadMs = 700_000;
    const { handle } = await lab.submit(connection, 'true', { image: 'ghcr.io/lab/private:2' });
    for (const _ of [1, 2, 3]) {
      await until(connection, handle, (each) => each?.nativeState === 'ImagePullBackOff');
      await delay(50);
    }
    lab.aheadMs = 1_400_000;
    expect((await untilEnded(connection, handle)).state).toBe('failed');
  });

  it('says that the quota is used up, and goes on when it is not', async () => {
    lab.control.create(resourceQuotas, 'default', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'rq' },
      spec: { hard: { pods: '0' } },
    });
    const { handle } = await lab.submit(connection, 'true');
    const waiting = await until(connection, handle, (each) => each?.nativeState === 'FailedCreate');
    expect(waiting).toMatchObject({
      state: 'queued',
      explanation: expect.stringContaining('The quota of the namespace is used up'),
      reason: expect.stringContaining('exceeded quota: rq'),
    });
    lab.control.remove(resourceQuotas, 'default', 'rq');
    expect((await untilEnded(connection, handle)).state).toBe('succeeded');
  });

  it('says that a quota refuses the job itself', async () => {
    lab.control.create(resourceQuotas, 'default', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { 'count/jobs.batch': '0' } },
    });
    const submitting = lab.submit(connection, 'true');
    expect(await rejection(submitting)).toMatchObject({
      tag: 'quota',
      raw: expect.stringContaining('exceeded quota: none'),
    });
    lab.control.remove(resourceQuotas, 'default', 'none');
  });

  it('says which rule of the cluster does not allow it', async () => {
    lab.control.refuseAdmission({ webhook: 'policy.example', message: 'no latest tags', resource: 'pods' });
    const { handle } = await lab.submit(connection, 'true');
    const waiting = await until(connection, handle, (each) => each?.nativeState === 'FailedCreate');
    expect(waiting?.explanation).toBe('A rule of the cluster (policy.example) does not allow it');
    lab.aheadMs = 200_000;
    expect((await untilEnded(connection, handle)).state).toBe('failed');
    lab.control.refuseAdmission(null);
  });
});

describe.skipIf(noContainers !== null)('a job that is interfered with', () => {
  it('is preempted when it is evicted, and can be cancelled then', async () => {
    const { handle, name } = await lab.submit(connection, 'sleep 600');
    await until(connection, handle, (each) => each?.state === 'running');
    const pod = lab.control.list(pods, 'default').find((each) => each.metadata.name.startsWith(name));
    if (pod === undefined) {
      throw new Error('There is no pod.');
    }
    lab.control.evict(pod);
    const seen = await until(connection, handle, (each) => each?.nativeState === 'PodFailurePolicy');
    expect(seen).toMatchObject({ state: 'preempted', explanation: expect.stringMatching(/\S/u) });
    await connection.cancel(handle, never());
    expect((await untilEnded(connection, handle)).state).toBe('cancelled');
  });

  it('is gone when somebody else deleted it', async () => {
    const { handle, name } = await lab.submit(connection, 'sleep 600');
    await until(connection, handle, (each) => each?.state === 'running');
    lab.control.remove(jobs, 'default', name);
    await until(connection, handle, (each) => each === undefined);
    expect(await connection.find({ ...newKey() }, never())).toBeNull();
  });

  it('says that it ran out of memory', async () => {
    const { handle, name } = await lab.submit(connection, 'echo ready; sleep 600');
    for await (const _ of connection.logs(handle, null, never())) {
      break;
    }
    await until(connection, handle, (each) => each?.state === 'running');
    const pod = lab.control.list(pods, 'default').find((each) => each.metadata.name.startsWith(name));
    if (pod !== undefined) {
      lab.control.killForMemory(pod, 'main');
    }
    expect(await untilEnded(connection, handle)).toMatchObject({
      state: 'failed',
      reason: 'OOMKilled',
      explanation: expect.stringContaining('memory'),
    });
  });

  it('keeps its record and its exit code when its own time limit ends it', async () => {
    const { handle } = await lab.submit(connection, 'echo begun; sleep 600', {
      limits: { durationMs: 1000, waitMs: null, costUsd: null },
    });
    expect(await untilEnded(connection, handle)).toMatchObject({ state: 'failed', exitCode: 124 });
    expect((await readWhole(connection, handle)).streams).toEqual({ stdout: 'begun\n' });
  });
});

describe.skipIf(noContainers !== null)('watching', () => {
  it('answers without a request while it is watched, and hears of everything', async () => {
    const stop = new AbortController();
    const seen = new Map<string, string[]>();
    const watching = (async () => {
      for await (const { handleId, observation } of connection.watch?.(stop.signal) ?? []) {
        seen.set(handleId, [...(seen.get(handleId) ?? []), observation.state]);
      }
    })().catch((error: unknown) => error);
    const { handle } = await lab.submit(connection, 'sleep 0.3');
    await expect.poll(() => seen.get(handle.id)?.at(-1), { timeout: 20_000 }).toBe('succeeded');
    const before = lab.control.countRequests();
    for (let round = 0; round < 20; round += 1) {
      expect((await connection.observe([handle], never())).get(handle.id)?.state).toBe('succeeded');
    }
    expect(lab.control.countRequests()).toBe(before);
    stop.abort(new Error('seen enough'));
    await watching;
  });

  it('tells of a job that has no pods, though the list of pods is the last to come', async () => {
    const own = await Lab.start();
    try {
      const { handle, name } = await own.submit(own.open(), 'sleep 60');
      own.control.change(jobs, 'default', name, ({ spec }) => {
        spec.suspend = true;
      });
      await expect.poll(() => own.control.list(pods, 'default'), { timeout: 20_000 }).toEqual([]);
      own.control.addFault({ on: { verb: 'list', resource: 'pods' }, kind: 'delay', ms: 300 });
      for await (const pushed of own.open().watch?.(AbortSignal.timeout(20_000)) ?? []) {
        expect(pushed).toMatchObject({ handleId: handle.id, observation: { state: 'queued' } });
        break;
      }
    } finally {
      await own.stop();
    }
  });

  it('goes on after a lost connection, an end by the server and a history that was forgotten', async () => {
    const stop = new AbortController();
    const ended = new Set<string>();
    const watching = (async () => {
      for await (const { handleId, observation } of connection.watch?.(stop.signal) ?? []) {
        if (observation.state === 'succeeded') {
          ended.add(handleId);
        }
      }
    })().catch((error: unknown) => error);
    for (const trouble of [
      () => lab.control.watches.cut(),
      () => lab.control.watches.end(),
      () => {
        lab.control.watches.end();
        lab.control.compact();
      },
    ]) {
      await expect.poll(() => lab.control.watches.count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      await delay(1100);
      trouble();
      const { handle } = await lab.submit(connection, 'true');
      await expect.poll(() => ended.has(handle.id), { timeout: 20_000 }).toBe(true);
    }
    stop.abort(new Error('seen enough'));
    await watching;
  }, 60_000);
});

describe('watching a server that knows nothing of what happened', () => {
  it('does not list again and again in a hurry', async () => {
    const stop = new AbortController();
    lab.control.addFault({ on: { verb: 'watch' }, kind: 'fail', error: expired('too old'), times: 10_000 });
    const lists = { verb: 'list', resource: 'jobs' } as const;
    const before = lab.control.countRequests(lists);
    const watching = (async () => {
      for await (const { handleId } of connection.watch?.(stop.signal) ?? []) {
        expect(handleId).not.toBe('');
      }
    })().catch((error: unknown) => error);
    await delay(1500);
    stop.abort(new Error('seen enough'));
    await watching;
    const asked = lab.control.countRequests(lists) - before;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(5);
  });
});

describe.skipIf(noContainers !== null)('signing in', () => {
  it('is refused with the words of the cluster when the token is no longer good', async () => {
    const token = `t-${randomBytes(8).toString('hex')}`;
    lab.control.addUser({ name: 'ada', groups: [] }, token, []);
    const path = await lab.cluster.writeKubeconfig('ada', { ada: { kind: 'token', token } }, [
      { name: 'ada', user: 'ada', namespace: 'default' },
    ]);
    const own = lab.open({ kubeconfig: path, context: 'ada' });
    expect((await own.identity(never())).account).toBe('ada');
    expect(await rejection(own.list(never()))).toMatchObject({
      tag: 'auth',
      message: expect.stringContaining('You may not list jobs'),
    });
    lab.control.revokeToken(token);
    expect(await rejection(own.list(never()))).toMatchObject({ tag: 'auth', raw: 'Unauthorized' });
  });

  it('works with a client certificate, and says until when', async () => {
    const own = lab.open({ context: 'certificate' });
    const { account, expiresAt } = await own.identity(never());
    expect(account).toBe('kubernetes-admin');
    expect(expiresAt).toBeGreaterThan(Date.now());
  });

  it('says when the context is no longer in the kubeconfig', async () => {
    expect(await rejection(lab.open({ context: 'gone' }).identity(never()))).toMatchObject({
      tag: 'notFound',
      raw: expect.stringContaining('admin'),
    });
  });

  it('keeps each machine’s files apart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aloft-other-machine-'));
    const elsewhere = lab.open({}, undefined, folder);
    const { handle } = await lab.submit(connection, 'echo 1 > a.txt', { outputs: ['a.txt'] });
    await untilEnded(connection, handle);
    expect(await rejection(elsewhere.outputs(handle, ['*'], never()))).toMatchObject({ tag: 'notFound' });
    await rm(folder, { recursive: true, force: true });
  });
});
