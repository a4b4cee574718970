import { expect, it } from 'vitest';
import { RunLooks } from '../../../../../src/providers/azure/logs/runLooks.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

it('remembers of the latest jobs alone, however many there were, that nothing more comes', () => {
  const looks = new RunLooks({ details: async () => null }, new ManualClock());
  const names = Array.from({ length: 10_000 }, (_, index) => `job-${index}`);
  for (const name of names) {
    looks.settle(name);
    expect(looks.isSettled(name)).toBe(true);
  }
  expect(names.filter((name) => looks.isSettled(name))).toEqual(names.slice(-2000));
});
