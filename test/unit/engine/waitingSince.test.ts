import { describe, expect, it } from 'vitest';
import type { JobState } from '../../../src/core/jobState.ts';
import { waitingSince } from '../../../src/engine/waitingSince.ts';

const accepted = 10;
const job = (state: JobState, startedAt: number | null = null) => ({ state, startedAt, cancelRequestedAt: null });
const events = (...states: readonly (readonly [at: number, state: JobState | null])[]) =>
  states.map(([at, state]) => ({ at, state }));

describe('waitingSince', () => {
  it.each(['queued', 'provisioning'] as const)('is when a job that is %s was accepted', (state) => {
    expect(waitingSince(job(state), events([5, 'staging'], [11, 'queued']), accepted)).toBe(accepted);
  });

  it.each(['queued', 'provisioning', 'preempted'] as const)(
    'is when one that is %s again lost its machines',
    (state) => {
      const before = events([11, 'queued'], [20, 'running'], [25, null], [30, 'preempted'], [35, 'provisioning']);
      expect(waitingSince(job(state, 20), before, accepted)).toBe(30);
      const twice = [...before, ...events([40, 'running'], [50, 'queued'])];
      expect(waitingSince(job(state, 20), twice, accepted)).toBe(50);
    },
  );

  it('is no later than it is known where nobody saw it run', () => {
    expect(waitingSince(job('preempted', 20), events([11, 'queued'], [30, 'preempted']), accepted)).toBe(30);
    expect(waitingSince(job('queued', 20), events([11, 'queued']), accepted)).toBe(20);
    expect(waitingSince(job('queued', 20), events([11, 'queued'], [90, 'queued']), accepted)).toBe(90);
  });

  it.each([19, 20, 21])(
    'is when it was known to wait anew, and not when it was accepted, where the cluster says %i',
    (at) => {
      const before = events([20, 'queued'], [25, null], [90, 'queued']);
      expect(waitingSince(job('queued', at), before, accepted)).toBe(90);
      expect(waitingSince(job('queued', at), [...before, ...events([190, 'queued'])], accepted)).toBe(190);
    },
  );

  it('is when it was known to wait anew, however it ran before', () => {
    const seen = events([11, 'queued'], [20, 'running'], [30, 'preempted'], [35, 'queued'], [90, 'queued']);
    expect(waitingSince(job('queued', 20), seen, accepted)).toBe(90);
    const changed = events([11, 'queued'], [20, 'provisioning'], [90, 'queued'], [90, 'queued'], [95, 'provisioning']);
    expect(waitingSince(job('provisioning', 40), changed, accepted)).toBe(90);
    expect(waitingSince(job('queued', 20), [...seen, ...events([95, 'running'], [99, 'queued'])], accepted)).toBe(99);
  });

  it('is nothing for a job that does not wait, or is to end', () => {
    expect(waitingSince(job('running', 20), events([20, 'running']), accepted)).toBeNull();
    expect(waitingSince({ ...job('queued'), cancelRequestedAt: 12 }, [], accepted)).toBeNull();
  });
});
