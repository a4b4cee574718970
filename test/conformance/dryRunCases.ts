import { describe, expect } from 'vitest';
import type { JobSpec } from '../../src/core/jobSpec.ts';
import type { DryRun, Plan } from '../../src/core/provider.ts';
import { expectPlausibleStart, expectSentence } from './expectSentence.ts';
import { type Harness, never, rejection, specFor } from './harness.ts';

export function describeDryRun(harness: Harness): void {
  const planFor = (more: Partial<JobSpec> = {}): { readonly plan: Plan; readonly key: ReturnType<Harness['key']> } => {
    const key = harness.key();
    const spec = specFor(harness.scenarios.prints.command, more);
    return { key, plan: harness.connection.plan({ spec, key, snapshotId: harness.snapshot.id, interpreter: null }) };
  };
  const dryRun = async (plan: Plan, signal = never()): Promise<DryRun> => {
    const answer = await harness.connection.dryRun?.(plan, signal);
    if (answer === undefined) {
      throw new Error('The connection has no dryRun.');
    }
    return answer;
  };

  describe('dryRun', () => {
    harness.itIfAble('dryRun', 'accepts what would be taken, and makes no job', async () => {
      const { plan, key } = planFor();
      const before = await harness.connection.list(never());
      const answer = await dryRun(plan);
      expect(answer.accepted, answer.raw).toBe(true);
      expectSentence(answer.explanation);
      expectPlausibleStart(answer.expectedStartAt);
      expect(await harness.connection.find(key, never())).toBeNull();
      expect(await harness.connection.list(never())).toHaveLength(before.length);
    });

    harness.itIfAble('dryRun', 'says what would be refused in a sentence and in the words of the backend', async () => {
      const { refused } = harness.scenarios;
      if (refused === undefined) {
        throw new Error('The set-up has no scenario "refused", though its provider has dry runs.');
      }
      const { plan, key } = planFor(refused);
      const answer = await dryRun(plan);
      expect(answer.accepted, answer.raw).toBe(false);
      expectSentence(answer.explanation);
      expect(answer.expectedStartAt).toBeNull();
      expect(answer.raw).not.toBe('');
      expect(await harness.connection.find(key, never())).toBeNull();
    });

    harness.itIfAble('dryRun', 'does not keep the same key from being submitted', async () => {
      const { plan, key } = planFor();
      await dryRun(plan);
      const staged = await harness.connection.stage(harness.snapshot, never(), () => undefined);
      const handle = await harness.connection.submit({ plan, key, staged, secrets: new Map() }, never());
      expect((await harness.end(handle)).state).toBe('succeeded');
      expect(await harness.count(key)).toBe(1);
    });

    harness.itIfAble('dryRun', 'is aborted with the reason of the signal', async () => {
      const reason = new Error('stopped by the test');
      expect(await rejection(dryRun(planFor().plan, AbortSignal.abort(reason)))).toBe(reason);
    });
  });
}
