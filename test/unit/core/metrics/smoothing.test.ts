import { expect, test } from 'vitest';

import { smoothed } from '../../../../src/core/metrics/smoothing.ts';

test('without weight the values stay', () => {
  expect(smoothed([3, 1, 2], 0)).toEqual([3, 1, 2]);
});

test('a constant stays constant from its first value on', () => {
  for (const value of smoothed([5, 5, 5, 5], 0.9)) {
    expect(value).toBeCloseTo(5, 10);
  }
});

test('earlier values weigh less with each step', () => {
  // (0.6 * 0.4 * 1 + 0.4 * 3) / (1 - 0.6^2)
  expect(smoothed([1, 3], 0.6)[1]).toBeCloseTo(2.25, 10);
});

test('what is not a number stays and does not count', () => {
  const [first, broken, endless, last] = smoothed([1, Number.NaN, Infinity, 3], 0.6);
  expect([first, broken, endless]).toEqual([1, Number.NaN, Infinity]);
  expect(last).toBeCloseTo(2.25, 10);
});
