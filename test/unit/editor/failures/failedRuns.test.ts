import { describe, expect, it } from 'vitest';

import { endedRun, type EndedRun, runsToMark } from '../../../../src/editor/failures/failedRuns.ts';
import { job } from '../../../fixtures/editor/jobs.ts';
import { runIdFrom } from '../../../fixtures/engine/engineParts.ts';

const day = 24 * 3_600_000;
const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FA1', '01ARZ3NDEKTSV4RRFFQ69G5FA2', '01ARZ3NDEKTSV4RRFFQ69G5FA3'].map(runIdFrom);

function run(number: 0 | 1 | 2, outcome: EndedRun['outcome'], fields: Partial<EndedRun> = {}): EndedRun {
  const runId = ids[number] ?? runIdFrom('01ARZ3NDEKTSV4RRFFQ69G5FA0');
  return { runId, name: 'train.py', sourceFolder: '/lab', endedAt: 1_000 * (number + 1), outcome, ...fields };
}

const marked = (runs: readonly EndedRun[], dismissed: ReadonlySet<EndedRun['runId']> = new Set(), now = 5_000) =>
  runsToMark(runs, dismissed, now).map(({ runId }) => ids.indexOf(runId));

describe('the runs that are marked', () => {
  it('are those whose job has not succeeded since', () => {
    expect(marked([run(0, 'failed')])).toEqual([0]);
    expect(marked([run(0, 'failed'), run(1, 'succeeded')])).toEqual([]);
    expect(marked([run(1, 'succeeded'), run(0, 'failed')])).toEqual([]);
    expect(marked([run(0, 'succeeded'), run(1, 'failed')])).toEqual([1]);
  });

  it('are told apart by name and folder', () => {
    expect(marked([run(0, 'failed'), run(1, 'succeeded', { name: 'evaluate.py' })])).toEqual([0]);
    expect(marked([run(0, 'failed'), run(1, 'succeeded', { sourceFolder: '/other' })])).toEqual([0]);
    expect(marked([run(0, 'failed'), run(1, 'failed', { name: 'evaluate.py' })])).toEqual([1, 0]);
  });

  it('are the newest of their jobs', () => {
    expect(marked([run(0, 'failed'), run(2, 'failed'), run(1, 'failed')])).toEqual([2]);
  });

  it('are not those that were dismissed or are old; an older one does not come back for them', () => {
    expect(marked([run(0, 'failed'), run(1, 'failed')], new Set([run(1, 'failed').runId]))).toEqual([]);
    expect(marked([run(0, 'failed')], new Set(), 1_000 + day)).toEqual([0]);
    expect(marked([run(0, 'failed')], new Set(), 1_001 + day)).toEqual([]);
  });
});

it('reads the outcome of a job that ended by itself', () => {
  expect(endedRun(job({ state: 'failed', endedAt: 7 }))).toMatchObject({ outcome: 'failed', endedAt: 7 });
  expect(endedRun(job({ state: 'failed', createdAt: 5 }))?.endedAt).toBe(5);
  expect(endedRun(job({ state: 'cancelled' }))).toBeNull();
  expect(endedRun(job({ state: 'running' }))).toBeNull();
});
