import { expect, it } from 'vitest';
import { LateErrors } from '../../../../src/providers/google/observe/lateErrors.ts';
import { ManualClock } from '../../../fixtures/engine/manualClock.ts';
import { vertexJob } from '../../../fixtures/google/vertexJob.ts';

it('waits for the reason of every failure, however many there were before', () => {
  const clock = new ManualClock();
  const errors = new LateErrors(clock);
  const isAwaited = (index: number): boolean => errors.isAwaited(vertexJob('FAILED', { name: String(index) }));
  for (let index = 0; index < 3000; index += 1) {
    expect(isAwaited(index)).toBe(true);
  }
  clock.jump(31_000);
  expect(isAwaited(2999)).toBe(false);
});
