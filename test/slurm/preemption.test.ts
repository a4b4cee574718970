import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Handle } from '../../src/core/provider.ts';
import { never } from '../conformance/harness.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';

const everything = { accelerator: { name: 'H100' as never, count: 8 }, nodes: 2 } as const;

describeWithCluster('preemption', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(async () => site.stop());

  const runUrgent = async (): Promise<Handle> => {
    const urgent = await site.submit('sleep 600', everything);
    await site.until(urgent, ({ state }) => state === 'running');
    return urgent;
  };

  it('puts a spot job back into the queue, says so, and runs it again with its log going on', async () => {
    const spot = await site.submit(
      'echo "begun ${SLURM_RESTART_COUNT:-0}"; [ ! -e ran ] || exit 0; : >ran; sleep 600',
      {
        accelerator: { name: 'H100' as never, count: 8 },
        spot: true,
      },
    );
    await site.begun(spot);
    const urgent = await runUrgent();
    const preempted = await site.until(spot, ({ state }) => state === 'preempted');
    expect(preempted).toMatchObject({ nativeState: 'PENDING', reason: 'BeginTime', endedAt: null, exitCode: null });
    expect(preempted.explanation).toContain('make room for another job');
    expect(preempted.startedAt).toBeTypeOf('number');
    await site.connection.cancel(urgent, never());
    await site.end(urgent);
    await site.runAgain(spot);
    expect(await site.end(spot)).toMatchObject({ state: 'succeeded', exitCode: 0 });
    const log = await site.log(spot);
    expect(log['stdout']).toBe('begun 0\nbegun 1\n');
    expect(log['slurm']).toMatch(/DUE TO PREEMPTION[^]*aloft: started again/u);
  });

  it('ends a spot job that may not go back, and calls it preempted', async () => {
    const spot = await site.submit('sleep 600', {
      accelerator: { name: 'H100' as never, count: 8 },
      spot: true,
      options: { requeue: 'no-requeue' },
    });
    await site.begun(spot);
    const urgent = await runUrgent();
    const ended = await site.until(spot, ({ endedAt }) => endedAt !== null);
    expect(ended).toMatchObject({ state: 'preempted', nativeState: 'PREEMPTED' });
    expect(ended.explanation).toContain('not put back into the queue');
    // Its log is complete.
    expect((await site.log(spot))['slurm']).toContain('DUE TO PREEMPTION');
    await site.connection.cancel(urgent, never());
    await site.end(urgent);
  });

  it('loses against a cancellation, whichever comes first', async () => {
    const spot = await site.submit('sleep 600', { accelerator: { name: 'H100' as never, count: 8 }, spot: true });
    await site.begun(spot);
    const urgent = await site.submit('sleep 600', everything);
    await site.connection.cancel(spot, never());
    await site.cluster.run('scontrol', ['requeue', site.jobId(spot)]).catch(() => '');
    await site.cluster.until(async () => {
      await site.connection.cancel(spot, never());
      return (await site.observe(spot)).state === 'cancelled';
    });
    await site.connection.cancel(urgent, never());
    await site.end(urgent);
  });
});
