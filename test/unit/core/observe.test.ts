import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTerminal, jobStates, mayFollow, type ObservedState } from '../../../src/core/jobState.ts';
import { applyObservation, type AttemptStatus } from '../../../src/core/observe.ts';
import type { Observation } from '../../../src/core/provider.ts';

const now = 1_790_000_000_000;

function status(fields: Partial<AttemptStatus> = {}): AttemptStatus {
  return {
    state: 'queued',
    nativeState: null,
    reason: null,
    explanation: null,
    expectedStartAt: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    observedAt: null,
    ...fields,
  };
}

function seen(state: Observation['state'], fields: Partial<Observation> = {}): Observation {
  return {
    state,
    nativeState: state.toUpperCase(),
    reason: null,
    observedAt: now,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: [],
    tasks: [],
    native: null,
    ...fields,
  };
}

const observedStates: readonly ObservedState[] = jobStates.flatMap((state) =>
  state === 'draft' || state === 'staging' || state === 'submitting' ? [] : [state],
);

const anyTime = fc.integer({ min: now - 100_000, max: now });
const anyObservation: fc.Arbitrary<Observation> = fc
  .record({
    state: fc.constantFrom(...observedStates, 'unknown' as const, 'unseen' as const),
    nativeState: fc.string({ maxLength: 5 }),
    reason: fc.option(fc.string({ maxLength: 5 })),
    observedAt: anyTime,
    startedAt: fc.option(anyTime),
    endedAt: fc.option(anyTime),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
    signal: fc.option(fc.constantFrom('SIGKILL', 'SIGTERM')),
  })
  .map((fields) => seen(fields.state, fields));

/** Every status on the way, the first one included. */
function walk(from: AttemptStatus, observations: readonly Observation[]): readonly AttemptStatus[] {
  const path = [from];
  for (const observation of observations) {
    path.push(applyObservation(path.at(-1) ?? from, observation, now));
  }
  return path;
}

describe('an observation', () => {
  test('brings state, native word, reason and times', () => {
    const next = applyObservation(
      status(),
      seen('running', { nativeState: 'R', reason: 'on gpu-7', startedAt: now - 5_000 }),
      now,
    );
    expect(next).toEqual({
      state: 'running',
      nativeState: 'R',
      reason: 'on gpu-7',
      explanation: null,
      expectedStartAt: null,
      startedAt: now - 5_000,
      endedAt: null,
      exitCode: null,
      signal: null,
      observedAt: now,
    });
  });

  test('of the end brings how it ended', () => {
    const before = status({ state: 'running', startedAt: now - 9_000 });
    const end = seen('failed', { endedAt: now - 1_000, exitCode: 137, signal: 'SIGKILL' });
    expect(applyObservation(before, end, now)).toMatchObject({
      state: 'failed',
      startedAt: now - 9_000,
      endedAt: now - 1_000,
      exitCode: 137,
      signal: 'SIGKILL',
    });
  });

  test('of an end without a time ended when it was observed', () => {
    expect(applyObservation(status(), seen('succeeded'), now).endedAt).toBe(now);
  });

  test('brings the plain sentence, and the expected start while it waits', () => {
    const said = { explanation: 'the partition is full', expectedStartAt: now + 3_600_000.5 };
    const waiting = applyObservation(status(), seen('queued', said), now);
    expect(waiting).toMatchObject({ explanation: 'the partition is full', expectedStartAt: now + 3_600_000 });
    expect(applyObservation(waiting, seen('running', said), now)).toMatchObject({ expectedStartAt: null });
    expect(applyObservation(waiting, seen('queued'), now)).toMatchObject({ explanation: null, expectedStartAt: null });
  });

  test('with an estimate that hardly moved leaves the very same object', () => {
    const before = applyObservation(status(), seen('queued', { expectedStartAt: now + 3_600_000 }), now);
    expect(applyObservation(before, seen('queued', { expectedStartAt: now + 3_700_000 }), now)).toBe(before);
  });

  test('of a native state that nobody knows keeps the last known one and stores the word', () => {
    const before = status({ state: 'running', nativeState: 'R', startedAt: now - 5_000 });
    expect(applyObservation(before, seen('unknown', { nativeState: 'SIGNALING' }), now)).toMatchObject({
      state: 'running',
      nativeState: 'SIGNALING',
      startedAt: now - 5_000,
    });
  });

  test('that is older than the newest one is dropped', () => {
    const before = status({ state: 'running', observedAt: now - 10 });
    expect(applyObservation(before, seen('queued', { observedAt: now - 11 }), now)).toBe(before);
    expect(applyObservation(before, seen('preempted', { observedAt: now - 10 }), now).state).toBe('preempted');
  });

  test('is not held up by one from a clock that has been set back since', () => {
    const before = status({ state: 'running', observedAt: now + 3_600_000 });
    expect(applyObservation(before, seen('succeeded'), now).state).toBe('succeeded');
  });

  test('with fractions of a millisecond is as late as it is', () => {
    const before = applyObservation(status(), seen('running', { observedAt: now - 0.4, startedAt: 1.7 }), now);
    expect(before).toMatchObject({ observedAt: now - 1, startedAt: 1 });
    expect(applyObservation(before, seen('queued', { observedAt: now - 1.5 }), now)).toBe(before);
  });

  test('that says nothing new leaves the very same object', () => {
    const before = applyObservation(status(), seen('running'), now);
    expect(applyObservation(before, seen('running'), now)).toBe(before);
  });

  test.each(observedStates.filter((state) => !isTerminal(state)))(
    'of %s does not bring a job back that is being cancelled',
    (state) => {
      expect(applyObservation(status({ state: 'cancelling' }), seen(state), now).state).toBe('cancelling');
    },
  );
});

describe('whatever is observed, in whatever order,', () => {
  test('a terminal state once reached stays, with everything known about it', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), fc.nat(), (observations, seed) => {
        for (const order of [observations, shuffled(observations, seed)]) {
          const path = walk(status(), order);
          const end = path.findIndex(({ state }) => isTerminal(state));
          const afterEnd = end === -1 ? [] : path.slice(end);
          expect(new Set(afterEnd).size).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('each state may follow the one before it', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), (observations) => {
        const states = walk(status({ state: 'submitting' }), observations).map(({ state }) => state);
        for (const [index, state] of states.entries()) {
          const before = states[index - 1] ?? state;
          expect(state === before || mayFollow(before, state)).toBe(true);
        }
      }),
    );
  });

  test('what is known never gets older', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), (observations) => {
        const times = walk(status(), observations).map(({ observedAt }) => observedAt ?? 0);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  test('doubled observations end like single ones', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), (observations) => {
        const doubled = observations.flatMap((observation) => [observation, observation]);
        expect(walk(status(), doubled).at(-1)).toEqual(walk(status(), observations).at(-1));
      }),
    );
  });

  test('only a job that ended has an end', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), (observations) => {
        for (const { state, endedAt, exitCode, signal } of walk(status(), observations)) {
          expect(endedAt !== null).toBe(isTerminal(state));
          expect(isTerminal(state) || (exitCode === null && signal === null)).toBe(true);
        }
      }),
    );
  });
});

/** The same seed gives the same order. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const keyed = items.map((item, index) => ({ item, key: Math.sin((seed % 10_000) + index * 12.9898) }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
