import { expect, test } from 'vitest';

import type { MetricPoint } from '../../../../src/core/metrics/metricPoint.ts';
import { PointScanner } from '../../../../src/core/metrics/pointScanner.ts';
import { SeriesSet } from '../../../../src/core/metrics/seriesSet.ts';
import { type ExpectedPoint, expectedSeries, type Sample, samples } from './corpus.ts';
import { PointList } from './pointList.ts';

const positives = samples('positive');
const negatives = samples('negative');

test('the corpus is as large as it has to be', () => {
  expect(positives.length).toBeGreaterThanOrEqual(40);
  expect(negatives.length).toBeGreaterThanOrEqual(20);
});

test.each(positives)('$name prints these series and no other', (sample) => {
  expect(Object.keys(foundSeries(sample)).toSorted()).toEqual(Object.keys(expectedSeries(sample)).toSorted());
});

test('at least 95 % of the points that programs print are found', () => {
  let found = 0;
  let expected = 0;
  for (const sample of positives) {
    const series = foundSeries(sample);
    for (const [name, points] of Object.entries(expectedSeries(sample))) {
      const left = (series[name] ?? []).map((point) => JSON.stringify(point));
      expected += points.length;
      for (const point of points) {
        const at = left.indexOf(JSON.stringify(point));
        found += at === -1 ? 0 : 1;
        left.splice(at, at === -1 ? 0 : 1);
      }
    }
  }
  process.stdout.write(`metrics corpus: ${found} of ${expected} points found in ${positives.length} formats\n`);
  expect(found / expected).toBeGreaterThanOrEqual(0.95);
});

test.each(negatives)('$name makes no curve', ({ bytes }) => {
  const series = new SeriesSet();
  scan(bytes, new PointScanner(series));
  expect(series.curves().map(({ name }) => name)).toEqual([]);
});

test.each(negatives)('$name makes no curve when every rank prints it', ({ bytes }) => {
  const series = new SeriesSet();
  const scanner = new PointScanner(series);
  for (let rank = 0; rank < 4; rank += 1) {
    scanner.push(bytes);
  }
  scanner.end();
  expect(series.curves().map(({ name }) => name)).toEqual([]);
});

function foundSeries({ bytes }: Sample): Record<string, ExpectedPoint[]> {
  const list = new PointList();
  scan(bytes, new PointScanner(list));
  const series: Record<string, ExpectedPoint[]> = {};
  for (const point of list.points) {
    const name = point.rank === null ? point.name : `[rank${point.rank}] ${point.name}`;
    (series[name] ??= []).push(asExpected(point));
  }
  return series;
}

function asExpected({ step, epoch, value }: MetricPoint): ExpectedPoint {
  const printed = Number.isFinite(value) ? value : String(value);
  return step === null && epoch !== null ? { step, epoch, value: printed } : { step, value: printed };
}

function scan(bytes: Uint8Array, scanner: PointScanner): void {
  scanner.push(bytes);
  scanner.end();
}
