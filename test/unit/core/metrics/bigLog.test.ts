import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { lineMetrics } from '../../../../src/core/metrics/lineMetrics.ts';
import { PointScanner } from '../../../../src/core/metrics/pointScanner.ts';
import { visibleText } from '../../../../src/core/metrics/visibleText.ts';
import { writeBigLog } from '../../../fixtures/log/bigLog.ts';
import { PointList } from './pointList.ts';

test('the log of the benches is the same for the same seed, and all its points are found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-big-log-'));
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const lines = 30_000;
  const written = await writeBigLog(join(folder, 'one.log'), { lines, seed: 7 });
  await writeBigLog(join(folder, 'same.log'), { lines, seed: 7 });
  await writeBigLog(join(folder, 'other.log'), { lines, seed: 8 });
  const [one, same, other] = await Promise.all(
    ['one', 'same', 'other'].map((name) => readFile(join(folder, `${name}.log`))),
  );
  expect(one?.equals(same ?? Buffer.alloc(0))).toBe(true);
  expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false);

  const text = one?.toString() ?? '';
  expect(text.split('\n')).toHaveLength(lines + 1);
  expect(text.match(/outlier-marker/gu)).toHaveLength(written.outliers);
  const list = new PointList();
  const scanner = new PointScanner(list);
  for (let at = 0; at < written.bytes; at += 100_003) {
    scanner.push(one?.subarray(at, at + 100_003) ?? new Uint8Array(0));
  }
  scanner.end();
  expect(list.points.filter(({ name }) => name === 'loss')).toHaveLength(written.metricLines);
  const expected = text.split(/[\n\r]/u).flatMap((piece) => {
    const { rank, step, values } = lineMetrics(visibleText(piece).text);
    return values.map(({ name, value }) => ({ name, rank, step, value }));
  });
  expect(list.points.map(({ name, rank, step, value }) => ({ name, rank, step, value }))).toEqual(expected);
}, 60_000);
