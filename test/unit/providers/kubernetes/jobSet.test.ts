import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../../src/core/provider.ts';
import { noHints } from '../../../../src/providers/kubernetes/observe/hints.ts';
import { type JobSet, jobSetSchema, throughSet } from '../../../../src/providers/kubernetes/observe/jobSet.ts';
import { observationOf } from '../../../../src/providers/kubernetes/observe/observation.ts';
import { ended, jobObject, type JobShape, podObject, running } from '../../../fixtures/kubernetes/objects.ts';

const now = Date.parse('2026-11-26T13:00:00Z');
const failed: JobShape = { conditions: [{ type: 'Failed', reason: 'BackoffLimitExceeded' }] };

function set(status: object, metadata: object = {}): JobSet {
  return jobSetSchema.parse({ metadata: { name: 'aloft-x', uid: 'set-uid', ...metadata }, status });
}

function ofJob(shape: JobShape, exit: number | null): Observation | null {
  const pods = [
    podObject({ phase: exit === null ? 'Running' : 'Failed', main: exit === null ? running : ended(exit) }),
  ];
  return observationOf({ job: jobObject(shape), pods, native: null }, noHints, now);
}

async function through(own: Observation | null, found: JobSet | null): Promise<Observation | null> {
  return throughSet(own, now, async () => found);
}

describe('throughSet', () => {
  it('is asked for only when its Job has ended or is not there', async () => {
    const own = ofJob({}, null);
    expect(await throughSet(own, now, async () => Promise.reject(new Error('asked')))).toBe(own);
  });

  it('starts its nodes again when one has failed: the job goes on', async () => {
    for (const own of [ofJob(failed, 1), null, ofJob({ deletionTimestamp: '2026-11-26T12:06:00Z' }, 143)]) {
      expect(await through(own, set({ restarts: 2 }))).toMatchObject({
        state: 'queued',
        nativeState: 'Restarting',
        explanation: 'A node failed, and all of them start again (restart 2)',
        exitCode: null,
        endedAt: null,
      });
    }
  });

  it('has failed when it starts them no more, with the exit code of the last', async () => {
    const conditions = [
      {
        type: 'Failed',
        status: 'True',
        reason: 'ReachedMaxRestarts',
        message: 'jobset failed due to reaching max number of restarts',
      },
    ];
    expect(await through(ofJob(failed, 3), set({ restarts: 3, conditions }))).toMatchObject({
      state: 'failed',
      exitCode: 3,
    });
    expect(await through(null, set({ restarts: 3, conditions }))).toMatchObject({
      state: 'failed',
      reason: 'jobset failed due to reaching max number of restarts',
    });
  });

  it('has succeeded when it says so', async () => {
    const own = ofJob({ conditions: [{ type: 'Complete' }] }, 0);
    expect((await through(own, set({ conditions: [] })))?.state).toBe('queued');
    const conditions = [{ type: 'Completed', status: 'True' }];
    expect(await through(own, set({ conditions }))).toMatchObject({ state: 'succeeded', exitCode: 0 });
  });

  it('is being cancelled while it is deleted, and gone afterwards', async () => {
    const deleted = set({}, { deletionTimestamp: '2026-11-26T12:06:00Z' });
    expect((await through(ofJob(failed, 143), deleted))?.state).toBe('cancelling');
    expect(await through(null, null)).toBeNull();
  });
});
