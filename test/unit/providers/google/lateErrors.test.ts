import { expect, it } from 'vitest';
import { LateErrors } from '../../../../src/providers/google/observe/lateErrors.ts';
import { ManualClock } from '../../../fixtures/engine/manualClock.ts';
import { vertexJob } from '../../../fixtures/google/vertexJob.ts';

function open() {
  const clock = new ManualClock();
  const errors = new LateErrors(clock);
  const isAwaited = (index: number): boolean => errors.isAwaited(vertexJob('FAILED', { name: String(index) }));
  const awaited = (from: number, to: number): number =>
    Array.from({ length: to - from }, (_, index) => isAwaited(from + index)).filter(Boolean).length;
  return { clock, awaited };
}

it('waits for the reason of every failure, however many there were before', () => {
  const { clock, awaited } = open();
  for (let index = 0; index < 5000; index += 1000) {
    expect(awaited(index, index + 1000)).toBe(1000);
    clock.jump(31_000);
    expect(awaited(index, index + 1000)).toBe(0);
    clock.jump(600_000);
  }
});

it('keeps no job waiting for ever, however many wait at once', () => {
  const { clock, awaited } = open();
  for (let time = 0; time < 29_000; time += 5000) {
    expect(awaited(0, 3000)).toBe(1000);
    clock.jump(5000);
  }
  for (let round = 0; round < 3; round += 1) {
    expect(awaited(0, 3000)).toBe(0);
    clock.jump(31_000);
  }
});
