import { describe, expect, it, onTestFinished } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import type { Job, RunId } from '../../../../src/core/job.ts';
import { FailureMarks, type MarkedEngine } from '../../../../src/editor/failures/failureMarks.ts';
import type { StoreChange } from '../../../../src/engine/jobStore.ts';
import { job, summary } from '../../../fixtures/editor/jobs.ts';
import { MemoryValues } from '../../../fixtures/editor/memoryValues.ts';
import { quietLogger, runIdFrom } from '../../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../../fixtures/engine/manualClock.ts';
import { codeOf, failure, frame } from './failureParts.ts';

const [first, second, third] = [
  runIdFrom('01ARZ3NDEKTSV4RRFFQ69G5FA1'),
  runIdFrom('01ARZ3NDEKTSV4RRFFQ69G5FA2'),
  runIdFrom('01ARZ3NDEKTSV4RRFFQ69G5FA3'),
];

/** An engine whose runs all fail in `train.py`, when their logs are let through. */
function fakeEngine() {
  const jobs = new Map<RunId, Job>();
  const changed = new Emitter<StoreChange>();
  const held = new Map<RunId, PromiseWithResolvers<void>>();
  const asked: RunId[] = [];
  const engine: MarkedEngine = {
    store: {
      job: (runId) => jobs.get(runId),
      summaries: () => [...jobs.keys()].map((runId) => summary({ runId })),
    },
    onDidChange: changed.event,
    logs: {
      failures: async (runId) => {
        asked.push(runId);
        await held.get(runId)?.promise;
        return [failure('RuntimeError', { message: runId, frames: [frame('train.py', 3)] })];
      },
    },
    accepted: { runFiles: async () => await Promise.resolve(codeOf({ 'train.py': '' })) },
  };
  const put = (...states: readonly Job[]): void => {
    for (const state of states) {
      jobs.set(state.runId, state);
    }
    changed.fire({ runIds: new Set(states.map(({ runId }) => runId)) });
  };
  const remove = (runId: RunId): void => {
    jobs.delete(runId);
    changed.fire({ runIds: new Set([runId]) });
  };
  const hold = (runId: RunId): (() => void) => {
    const holding = Promise.withResolvers<void>();
    held.set(runId, holding);
    return holding.resolve;
  };
  return { engine, put, remove, hold, asked };
}

function setup() {
  const fake = fakeEngine();
  const memory = new MemoryValues();
  const open = new Set(['/home/ada/lab']);
  const clock = new ManualClock();
  const window = (): FailureMarks => {
    const marks = new FailureMarks({ clock, memory, logger: quietLogger, isOpen: (folder) => open.has(folder) });
    onTestFinished(() => {
      marks.dispose();
    });
    return marks;
  };
  const at = (runId: RunId, state: Job['state'], ended: number): Job =>
    job({ runId, state, endedAt: clock.now() + ended });
  return { ...fake, memory, open, at, window, marks: window() };
}

const runsOf = (marks: FailureMarks): readonly RunId[] => marks.marks.map(({ run }) => run.runId);

describe('the failures that are marked', () => {
  it('are those from before the window was open, and those that come', async () => {
    const { engine, put, at, marks } = setup();
    put(at(first, 'failed', -2));
    marks.attach(engine);
    await expect.poll(() => runsOf(marks)).toEqual([first]);
    put({ ...at(second, 'failed', -1), name: 'evaluate.py' });
    await expect.poll(() => runsOf(marks)).toEqual([second, first]);
    expect(marks.marks.map(({ place }) => place.path)).toEqual(['train.py', 'train.py']);
  });

  it('go when the job succeeds, and when its run is deleted', async () => {
    const { engine, put, remove, at, marks } = setup();
    marks.attach(engine);
    put(at(first, 'failed', -3));
    await expect.poll(() => runsOf(marks)).toEqual([first]);
    put(at(second, 'running', 0));
    expect(runsOf(marks)).toEqual([first]);
    put(at(second, 'succeeded', -2));
    expect(runsOf(marks)).toEqual([]);
    put(at(third, 'failed', -1));
    await expect.poll(() => runsOf(marks)).toEqual([third]);
    remove(third);
    expect(runsOf(marks)).toEqual([]);
  });

  it('go by hand, for good, also in the next window', async () => {
    const { engine, put, at, marks, window } = setup();
    put(at(first, 'failed', -2), { ...at(second, 'failed', -1), name: 'evaluate.py' });
    marks.attach(engine);
    await expect.poll(() => runsOf(marks)).toEqual([second, first]);
    await marks.clear([second]);
    expect(runsOf(marks)).toEqual([first]);
    const next = window();
    next.attach(engine);
    await expect.poll(() => runsOf(next)).toEqual([first]);
    await next.clear([]);
    expect(runsOf(next)).toEqual([]);
  });

  it('are of the folders of this window, whenever those change', async () => {
    const { engine, put, at, marks, open, asked } = setup();
    open.clear();
    put(at(first, 'failed', -1));
    marks.attach(engine);
    expect(asked).toEqual([]);
    open.add('/home/ada/lab');
    marks.refresh();
    await expect.poll(() => runsOf(marks)).toEqual([first]);
  });

  it('do not wait for a log that does not arrive', async () => {
    const { engine, put, at, marks, hold } = setup();
    const letThrough = hold(first);
    put(at(first, 'failed', -2), { ...at(second, 'failed', -1), name: 'evaluate.py' });
    marks.attach(engine);
    await expect.poll(() => runsOf(marks)).toEqual([second]);
    letThrough();
    await expect.poll(() => runsOf(marks)).toEqual([second, first]);
  });

  it('are not brought back by a log that arrives after they were cleared', async () => {
    const { engine, put, at, marks, hold } = setup();
    const letThrough = hold(first);
    put(at(first, 'failed', -2));
    marks.attach(engine);
    await marks.clear([]);
    letThrough();
    put({ ...at(second, 'failed', -1), name: 'evaluate.py' });
    await expect.poll(() => runsOf(marks)).toEqual([second]);
  });

  it('are told once each time they change', async () => {
    const { engine, put, at, marks } = setup();
    const told: (readonly RunId[])[] = [];
    marks.onDidChange(() => told.push(runsOf(marks)));
    marks.attach(engine);
    put(at(first, 'failed', -2));
    await expect.poll(() => told).toEqual([[first]]);
    put(at(second, 'running', 0));
    marks.refresh();
    put(at(second, 'succeeded', -1));
    expect(told).toEqual([[first], []]);
  });
});
