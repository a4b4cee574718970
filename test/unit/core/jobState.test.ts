import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupOf, isTerminal, jobStates, mayFollow, transitions, type JobState } from '../../../src/core/jobState.ts';

const anyState = fc.constantFrom(...jobStates);
/** What a provider can say; a new attempt is ours to begin. */
const anyReport = fc.constantFrom(...transitions.submitting);

/** Applies reports one after the other the way a store does: one that may not follow is dropped. */
function walk(from: JobState, reports: readonly JobState[]): readonly JobState[] {
  const path = [from];
  for (const report of reports) {
    const now = path.at(-1) ?? from;
    path.push(mayFollow(now, report) ? report : now);
  }
  return path;
}

function reachable(from: JobState): ReadonlySet<JobState> {
  const seen = new Set<JobState>([from]);
  for (const state of seen) {
    for (const next of transitions[state]) {
      seen.add(next);
    }
  }
  return seen;
}

describe('the state table', () => {
  test.each([
    ['draft', 'staging'],
    ['staging', 'submitting'],
    ['submitting', 'queued'],
    ['queued', 'provisioning'],
    ['provisioning', 'running'],
    ['running', 'preempted'],
    ['preempted', 'queued'],
    ['preempted', 'staging'],
    ['running', 'cancelling'],
    ['cancelling', 'cancelled'],
    ['cancelling', 'succeeded'],
    ['queued', 'succeeded'],
    ['running', 'queued'],
  ] as const)('%s may be followed by %s', (from, to) => {
    expect(mayFollow(from, to)).toBe(true);
  });

  test.each([
    ['draft', 'running'],
    ['draft', 'queued'],
    ['staging', 'running'],
    ['submitting', 'staging'],
    ['running', 'staging'],
    ['running', 'submitting'],
    ['cancelling', 'running'],
    ['cancelling', 'queued'],
    ['succeeded', 'running'],
    ['failed', 'succeeded'],
    ['cancelled', 'cancelling'],
  ] as const)('%s may not be followed by %s', (from, to) => {
    expect(mayFollow(from, to)).toBe(false);
  });

  test('has a row for every state, and no state follows itself', () => {
    expect(Object.keys(transitions).toSorted()).toEqual(jobStates.toSorted());
    expect(jobStates.filter((state) => mayFollow(state, state))).toEqual([]);
  });

  test('exactly three states are terminal', () => {
    expect(jobStates.filter(isTerminal)).toEqual(['succeeded', 'failed', 'cancelled']);
  });

  test.each(jobStates.filter((state) => !isTerminal(state)))(
    'from %s the job can fail and can be cancelled',
    (state) => {
      expect([...reachable(state)]).toEqual(expect.arrayContaining(['failed', 'cancelled']));
    },
  );

  test('every state can be reached from a draft', () => {
    expect([...reachable('draft')].toSorted()).toEqual(jobStates.toSorted());
  });

  test('whatever is reported, in whatever order, a job that ended stays as it ended', () => {
    fc.assert(
      fc.property(anyState, fc.array(anyState, { maxLength: 30 }), (from, reports) => {
        const path = walk(from, reports);
        const end = path.findIndex(isTerminal);
        const afterEnd = end === -1 ? [] : path.slice(end);
        expect(new Set(afterEnd).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a job that is being cancelled never runs again', () => {
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 30 }), (reports) => {
        const states = walk('cancelling', reports).filter((state) => !isTerminal(state));
        expect(new Set(states)).toEqual(new Set(['cancelling']));
      }),
    );
  });

  test('the same reports twice end where they ended once, when the last one ends the job', () => {
    fc.assert(
      fc.property(fc.array(anyReport), fc.constantFrom('succeeded', 'failed', 'cancelled'), (reports, end) => {
        const all: readonly JobState[] = [...reports, end];
        const once = walk('submitting', all).at(-1);
        expect(once !== undefined && isTerminal(once)).toBe(true);
        expect(walk('submitting', [...all, ...all]).at(-1)).toBe(once);
      }),
    );
  });
});

test('every state belongs to one group of the tree', () => {
  const groups = Object.fromEntries(jobStates.map((state) => [state, groupOf(state)]));
  expect(groups).toEqual({
    draft: 'waiting',
    staging: 'waiting',
    submitting: 'waiting',
    queued: 'waiting',
    provisioning: 'waiting',
    preempted: 'waiting',
    running: 'running',
    cancelling: 'running',
    succeeded: 'finished',
    failed: 'finished',
    cancelled: 'finished',
  });
});
