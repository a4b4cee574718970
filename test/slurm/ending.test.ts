import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { never, rejection } from '../conformance/harness.ts';
import { mountSmallDisk } from '../fixtures/smallDisk.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';
import { makeTree } from './tree.ts';

describeWithCluster('ends of jobs that Slurm forgets soon', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start({ config: ['MinJobAge=2'] });
  });
  afterAll(async () => site.stop());

  const forgotten = async (id: string): Promise<void> => {
    await site.cluster.until(
      async () => !(await site.cluster.run('squeue', ['-h', '-t', 'all', '-o', '%F'])).split('\n').includes(id),
    );
  };

  it.concurrent('are the same when Slurm has forgotten them, to everybody', async () => {
    const handle = await site.submit('exit 3');
    const { observedAt: _, ...ended } = await site.end(handle);
    expect(ended).toMatchObject({ state: 'failed', exitCode: 3, nativeState: 'FAILED', reason: 'NonZeroExitCode' });
    await forgotten(site.jobId(handle));
    const { observedAt: __, ...later } = (await site.open().observe([handle], never())).get(handle.id) ?? {
      observedAt: 0,
    };
    expect(later).toEqual(ended);
  });

  it.concurrent.each([
    ['succeeded', 'true', { state: 'succeeded', exitCode: 0, signal: null }],
    ['failed', 'exit 3', { state: 'failed', exitCode: 3, signal: null }],
    ['was killed', 'kill -9 $$', { state: 'failed', exitCode: null, signal: 'SIGKILL' }],
  ])('are known though nobody looked in time, when the job %s', async (_what, command, expected) => {
    const handle = await site.submit(command);
    await site.cluster.until(async () =>
      (await readFile(join(site.runFolder(handle), 'exit'), 'utf8')).includes('endedAt'),
    );
    await forgotten(site.jobId(handle));
    const ended = await site.observe(handle);
    expect(ended).toMatchObject({ ...expected, nativeState: 'no longer known to Slurm' });
    expect(ended.startedAt).toBeLessThanOrEqual(ended.endedAt ?? 0);
  });

  it.concurrent('are told from a cancellation by us or by somebody else', async () => {
    const [ours, theirs] = await Promise.all([site.submit('sleep 600'), site.submit('sleep 600')]);
    await Promise.all([ours, theirs].map(async (handle) => site.begun(handle)));
    await site.connection.cancel(ours, never());
    await site.cluster.run('scancel', [site.jobId(theirs)]);
    await forgotten(site.jobId(ours));
    await forgotten(site.jobId(theirs));
    expect(await site.observe(ours)).toMatchObject({ state: 'cancelled' });
    expect(await site.observe(theirs)).toMatchObject({ state: 'failed', signal: 'SIGTERM' });
  });

  it('are in no doubt when the job was cancelled while it waited and is forgotten', async () => {
    const release = await site.hold();
    const handle = await site.submit('true');
    await site.connection.cancel(handle, never());
    await forgotten(site.jobId(handle));
    await release();
    expect(await site.observe(handle)).toMatchObject({ state: 'cancelled', startedAt: null, reason: null });
    await site.connection.remove(handle, never());
    expect(existsSync(site.runFolder(handle))).toBe(false);
  });
});

describeWithCluster('ends of jobs by the cluster', {}, () => {
  let site: Site;
  beforeAll(async () => {
    // As usual, so that it reserves nodes for jobs that wait and says when they will start.
    site = await Site.start({ config: ['SlurmdTimeout=5', 'SchedulerParameters=sched_interval=1,bf_interval=1'] });
  });
  afterAll(async () => site.stop());

  it('say why a job waits, in plain words beside those of Slurm', async () => {
    // Slurm looks a day ahead.
    const hostage = await site.submit('sleep 600', {
      accelerator: { name: 'H100' as never, count: 8 },
      nodes: 2,
      limits: { durationMs: 3_600_000, waitMs: null, costUsd: null },
    });
    await site.until(hostage, ({ state }) => state === 'running');
    const waiting = await site.submit('true', {
      accelerator: { name: 'H100' as never, count: 1 },
      limits: { durationMs: 60_000, waitMs: null, costUsd: null },
    });
    const seen = await site.until(waiting, ({ reason }) => reason === 'Resources' || reason === 'Priority');
    expect(seen).toMatchObject({ state: 'queued', nativeState: 'PENDING', startedAt: null });
    expect(seen.explanation).toMatch(/next in line|ahead of it/u);
    const held = await site.submit('true', { options: { dependency: `afterok:${site.jobId(hostage)}` } });
    expect(await site.until(held, ({ reason }) => reason !== null)).toMatchObject({
      reason: 'Dependency',
      explanation: 'It waits for another job to end',
    });
    const never1 = await site.submit('true', { limits: { durationMs: 30 * 86_400_000, waitMs: null, costUsd: null } });
    expect((await site.until(never1, ({ reason }) => reason === 'PartitionTimeLimit')).explanation).toContain(
      'will not start',
    );
    await site.until(waiting, ({ expectedStartAt }) => expectedStartAt !== undefined && expectedStartAt > Date.now());
    for (const handle of [hostage, held, never1, waiting]) {
      await site.connection.cancel(handle, never());
      await site.end(handle);
    }
  });

  it('by a lost node are failures that say so, or bring the job back into the queue', async () => {
    const [lost, again] = await Promise.all([
      site.submit('echo "on $SLURM_JOB_NODELIST"; sleep 600', {
        options: { requeue: 'no-requeue', sbatchArguments: '--nodelist=n2' },
      }),
      site.submit('[ ! -e ran ] || { echo again; exit 0; }; : >ran; echo "on $SLURM_JOB_NODELIST"; sleep 600', {
        options: { requeue: 'requeue', sbatchArguments: '--nodelist=n2' },
      }),
    ]);
    await site.begun(lost);
    await site.cluster.until(
      async () => (await readFile(join(site.runFolder(again), 'logs', 'stdout.log'), 'utf8')) === 'on n2\n',
    );
    await site.cluster.loseNode('n2');
    const ended = await site.end(lost);
    expect(ended).toMatchObject({ state: 'failed', nativeState: 'NODE_FAIL', explanation: 'A node it ran on failed' });
    const back = await site.until(again, ({ state }) => state === 'queued');
    expect(back.explanation).toContain('A node it ran on failed');
    site.cluster.startNode('n2');
    await site.runAgain(again);
    expect(await site.end(again)).toMatchObject({ state: 'succeeded', exitCode: 0 });
    const log = await site.log(again);
    expect(log['stdout']).toBe('on n2\nagain\n');
    expect(log['slurm']).toContain('aloft: started again on n2');
  }, 120_000);

  it('at the time limit are failures', async () => {
    const handle = await site.submit('sleep 600', { limits: { durationMs: 60_000, waitMs: null, costUsd: null } });
    await site.begun(handle);
    // Slurm knows no limit below a minute, and looks at limits every half.
    await site.cluster.run('scontrol', ['update', `JobId=${site.jobId(handle)}`, 'EndTime=now+1']);
    await site.cluster.until(async () => (await site.observe(handle)).endedAt !== null, 170_000);
    expect(await site.observe(handle)).toMatchObject({
      state: 'failed',
      nativeState: 'TIMEOUT',
      reason: 'TimeLimit',
      explanation: 'It reached its time limit',
    });
    expect((await site.log(handle))['slurm']).toContain('DUE TO TIME LIMIT');
  }, 180_000);

  it('hand the warning before the limit on to the command', async () => {
    const handle = await site.submit('trap "echo saved; exit 0" USR1; echo begun; while :; do sleep 0.1; done', {
      options: { signal: 'USR1@45' },
    });
    await site.cluster.until(
      async () => (await readFile(join(site.runFolder(handle), 'logs', 'stdout.log'), 'utf8')) !== '',
    );
    // What Slurm does when the time has come; it may do so up to a minute early.
    await site.cluster.run('scancel', ['--batch', '--signal=USR1', site.jobId(handle)]);
    expect(await site.end(handle)).toMatchObject({ state: 'succeeded', exitCode: 0 });
    expect((await site.log(handle))['stdout']).toBe('begun\nsaved\n');
  });
});

describeWithCluster('a full disk on the cluster', {}, () => {
  let site: Site;
  let unmount: (() => void) | undefined;
  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(async () => {
    unmount?.();
    await site.stop();
  });

  it('is said in plain words when code does not fit, and swallows neither the end nor the id of a job', async (context) => {
    const root = join(site.folder, 'small');
    unmount = mountSmallDisk(root, 4);
    if (unmount === undefined) {
      context.skip('no file system may be mounted here');
    }
    const connection = site.open({ root });
    const big = await makeTree({ 'big.bin': 'x'.repeat(8_000_000) });
    expect(await rejection(connection.stage(big.snapshot, never(), () => undefined))).toMatchObject({
      tag: 'capacity',
    });
    await big.dispose();
    await rm(join(root, 'pieces'), { recursive: true });
    const tree = await makeTree({ 'a.txt': 'a' });
    const staged = await connection.stage(tree.snapshot, never(), () => undefined);
    const command = 'head -c 9000000 /dev/zero; echo failed with $? >&2; exit 9';
    const input = { ...(await site.prepare(command, {}, new Map(), tree.snapshot)), staged };
    const handle = await connection.submit(input, never());
    let ended = (await connection.observe([handle], never())).get(handle.id);
    await site.cluster.until(async () => {
      ended = (await connection.observe([handle], never())).get(handle.id);
      return ended?.endedAt !== null;
    });
    expect(ended).toMatchObject({ state: 'failed', exitCode: 9 });
    // What there is no room for is refused, and leaves no job.
    await writeFile(join(root, 'fill'), Buffer.alloc(4_194_304)).catch(() => undefined);
    const full = await rejection(connection.submit(await site.prepare('true'), never()));
    expect(full).toMatchObject({ tag: 'capacity' });
    await tree.dispose();
  });
});
