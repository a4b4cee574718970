import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Series } from '../../../../src/core/metrics/series.ts';
import { SeriesSet } from '../../../../src/core/metrics/seriesSet.ts';

test('few points stay as they are', () => {
  const series = new Series('loss', null);
  series.add(3, 10, null, 5);
  series.add(2, 20, null, 7);
  expect(
    series.points().map(({ firstX, lastX, mean, line, count, axis }) => ({ firstX, lastX, mean, line, count, axis })),
  ).toEqual([
    { firstX: 10, lastX: 10, mean: 3, line: 5, count: 1, axis: 'step' },
    { firstX: 20, lastX: 20, mean: 2, line: 7, count: 1, axis: 'step' },
  ]);
});

test('a step that goes back begins a segment, the same step again does not', () => {
  const series = new Series('loss', null);
  for (const step of [10, 20, 20, 10, 30]) {
    series.add(1, step, null, 0);
  }
  expect(series.points().map(({ segment }) => segment)).toEqual([0, 0, 0, 1, 1]);
});

test('a step that begins again with each epoch goes on where the epoch before ended', () => {
  const stepsOf = (...points: readonly (readonly [epoch: number | null, step: number])[]): readonly number[] => {
    const series = new Series('loss', null);
    for (const [epoch, step] of points) {
      series.add(1, step, epoch, 0);
    }
    return series.points().map(({ lastX }) => lastX);
  };
  expect(stepsOf([1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1])).toEqual([1, 2, 3, 4, 6, 7]);
  expect(stepsOf([0, 0], [0, 9], [1, 0], [1, 9], [2, 0])).toEqual([0, 9, 10, 19, 20]);
  // Steps of the whole run, and a run that begins again.
  expect(stepsOf([1, 10], [1, 20], [2, 30], [1, 10], [2, 20])).toEqual([10, 20, 30, 10, 20]);
  expect(stepsOf([null, 10], [null, 20], [null, 10])).toEqual([10, 20, 10]);
});

test('without a step the epoch is the x, and without one the order', () => {
  const series = new Series('loss', null);
  series.add(1, null, 0.5, 0);
  series.add(1, null, null, 1);
  series.add(1, null, null, 2);
  expect(series.points().map(({ axis, firstX }) => [axis, firstX])).toEqual([
    ['epoch', 0.5],
    ['order', 1],
    ['order', 2],
  ]);
});

test('a value that is not a number is seen but spoils no other', () => {
  const series = new Series('loss', null);
  series.add(1, 1, null, 0);
  series.add(Number.NaN, 2, null, 1);
  series.add(Infinity, 3, null, 2);
  series.add(3, 4, null, 3);
  expect(series.points(1)[0]).toMatchObject({ min: 1, max: 3, mean: 2, count: 4, broken: 2 });
  expect(series.points()[1]).toMatchObject({ min: Number.NaN, mean: Number.NaN, last: Number.NaN, broken: 1 });
});

const points = fc.array(
  fc.record({
    value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    step: fc.integer({ min: 0, max: 500 }),
    sorted: fc.boolean(),
  }),
  { minLength: 1, maxLength: 400 },
);

test('however many points there are, none is lost, and least and greatest are kept', () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 40 }), (added, most) => {
      const series = new Series('loss', null, 16);
      let step = 0;
      for (const [line, point] of added.entries()) {
        step = point.sorted ? step + 1 : point.step;
        series.add(point.value, step, null, line);
      }
      for (const buckets of [series.points(), series.points(most)]) {
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(added.length);
        expect(Math.min(...buckets.map(({ min }) => min))).toBe(Math.min(...added.map(({ value }) => value)));
        expect(Math.max(...buckets.map(({ max }) => max))).toBe(Math.max(...added.map(({ value }) => value)));
        const lines = buckets.map(({ line }) => line);
        expect(lines).toEqual(lines.toSorted((a, b) => a - b));
      }
      expect(series.points().length).toBeLessThanOrEqual(16);
      expect(series.length).toBe(added.length);
    }),
  );
});

test('a million points of one run are drawn from about as many buckets as asked for', () => {
  const series = new Series('loss', null);
  for (let step = 0; step < 1_000_000; step += 1) {
    series.add(step === 777_777 ? 100 : 1, step, null, step);
  }
  const drawn = series.points(300);
  expect(drawn.length).toBeGreaterThan(150);
  expect(drawn.length).toBeLessThanOrEqual(300);
  expect(
    drawn.filter(({ max }) => max === 100).map(({ firstX, lastX }) => firstX <= 777_777 && lastX >= 777_777),
  ).toEqual([true]);
});

test('only what was printed twice is a curve, in the order of names and ranks', () => {
  const set = new SeriesSet();
  for (const [name, rank] of [
    ['b', null],
    ['b', null],
    ['a', 10],
    ['a', 10],
    ['a', 9],
    ['a', 9],
    ['once', null],
  ] as const) {
    set.receiver(name, rank)?.add(1, null, null, 0);
  }
  expect(set.curves().map(({ name, rank }) => [name, rank])).toEqual([
    ['a', 9],
    ['a', 10],
    ['b', null],
  ]);
});
