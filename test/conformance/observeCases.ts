import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JobState } from '../../src/core/jobState.ts';
import { mayFollow } from '../../src/core/jobState.ts';
import { isTold } from '../../src/core/observe.ts';
import type { Observation } from '../../src/core/provider.ts';
import { expectPlausibleStart, expectSentence } from './expectSentence.ts';
import { type Harness, hasEnded, never } from './harness.ts';

export function describeObserve(harness: Harness): void {
  describe('observe', () => {
    it('answers for several at once and leaves out what is gone', async () => {
      const { prints, fails } = harness.scenarios;
      const gone = await harness.submit(prints.command);
      const good = await harness.submit(prints.command);
      const bad = await harness.submit(fails.command);
      for (const handle of [gone, good, bad]) {
        await harness.end(handle);
      }
      await harness.connection.remove(gone, never());
      const observations = await harness.connection.observe([bad, gone, good], never());
      expect([...observations.keys()].toSorted()).toEqual([good.id, bad.id].toSorted());
      expect(observations.get(good.id)?.state).toBe('succeeded');
      expect(observations.get(bad.id)?.state).toBe('failed');
    });

    it('answers an empty question', async () => {
      expect((await harness.connection.observe([], never())).size).toBe(0);
    });

    it('goes through states that may follow each other, with times in order', async () => {
      const handle = await harness.submit(harness.scenarios.slow.command);
      const seen: Observation[] = [];
      do {
        seen.push(await harness.observe(handle));
        await delay(5);
      } while (!seen.some(hasEnded));
      expectLegal(seen);
    });

    it('gives exit code 0 and the times of a job that succeeded', async () => {
      const observation = await harness.end(await harness.submit(harness.scenarios.prints.command));
      expect(observation).toMatchObject({ state: 'succeeded', exitCode: 0, signal: null });
      expect(observation.startedAt).not.toBeNull();
      expect(observation.endedAt).not.toBeNull();
    });

    it('gives the exit code of a job that failed', async () => {
      const observation = await harness.end(await harness.submit(harness.scenarios.fails.command));
      expect(observation).toMatchObject({ state: 'failed', exitCode: 3, signal: null });
    });

    it('gives the signal that ended a job', async () => {
      const observation = await harness.end(await harness.submit(harness.scenarios.killed.command));
      expect(observation).toMatchObject({ state: 'failed', signal: 'SIGKILL' });
      expect(observation.reason).not.toBeNull();
    });

    it('says the same of an ended job however often and from wherever it is asked', async () => {
      const handle = await harness.submit(harness.scenarios.fails.command);
      const ended = await harness.end(handle);
      const other = await harness.open();
      const again = await Promise.all(
        [harness.connection, other, harness.connection].map(async (connection) =>
          connection.observe([handle], never()),
        ),
      );
      for (const observations of again) {
        expect({ ...observations.get(handle.id), observedAt: 0 }).toEqual({ ...ended, observedAt: 0 });
      }
    });

    it('gives a native record that can be stored', async () => {
      const observation = await harness.end(await harness.submit(harness.scenarios.prints.command));
      expect(JSON.parse(JSON.stringify(observation))).toEqual(observation);
    });

    harness.itWith('lateObservation', 'dates a late observation so that it can be told', async (lateObservation) => {
      const handle = await harness.submit(harness.scenarios.prints.command);
      const ended = await harness.end(handle);
      await lateObservation(handle);
      const late = await harness.observe(handle);
      expect(late.observedAt).toBeLessThan(ended.observedAt);
      expect(hasEnded(late)).toBe(false);
      expect((await harness.observe(handle)).state).toBe('succeeded');
    });
  });

  if (harness.setup.pushes) {
    describe('watch', () => {
      it('pushes every job to its end, and ends with the signal', async () => {
        const stop = new AbortController();
        const reason = new Error('seen enough');
        const seen: Observation[] = [];
        const handle = await harness.submit(harness.scenarios.slow.command);
        const watching = (async () => {
          for await (const pushed of harness.connection.watch?.(stop.signal) ?? []) {
            if (pushed.handleId === handle.id) {
              seen.push(pushed.observation);
              if (hasEnded(pushed.observation)) {
                stop.abort(reason);
              }
            }
          }
        })();
        await expect(watching).rejects.toBe(reason);
        expectLegal(seen);
      });
    });
  }
}

function expectLegal(seen: readonly Observation[]): void {
  let state: JobState = 'submitting';
  let observedAt = 0;
  let startedAt: number | null = null;
  for (const observation of seen) {
    expect(observation.nativeState).not.toBe('');
    if (observation.explanation !== undefined) {
      expectSentence(observation.explanation);
    }
    expectPlausibleStart(observation.expectedStartAt ?? null);
    expect(observation.observedAt).toBeGreaterThanOrEqual(observedAt);
    observedAt = observation.observedAt;
    if (isTold(observation.state) && observation.state !== state) {
      expect(mayFollow(state, observation.state), `${state} -> ${observation.state}`).toBe(true);
      state = observation.state;
    }
    if (startedAt !== null) {
      expect(observation.startedAt).toBe(startedAt);
    }
    startedAt = observation.startedAt;
    if (observation.endedAt !== null) {
      expect(hasEnded(observation)).toBe(true);
      expect(observation.endedAt).toBeGreaterThanOrEqual(startedAt ?? 0);
    }
  }
  expect(seen.slice(-1).map(hasEnded)).toEqual([true]);
}
