import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MetricScanner } from '../../src/core/metrics/metricScanner.ts';
import { SeriesSet } from '../../src/core/metrics/seriesSet.ts';
import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { median } from './median.ts';

const lines = 10_000_000;
const chunkBytes = 1 << 20;
const rounds = 5;

/** Milliseconds to make curves of a log of ten million lines, seven of which carry metrics, reading the file included. */
export async function benchMetrics(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-bench-metrics-'));
  try {
    const path = join(folder, 'big.log');
    const { metricLines } = await writeBigLog(path, { lines, seed: 1 });
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const points = await scannedPoints(path);
      times.push(performance.now() - started);
      if (points !== metricLines) {
        throw new Error(`${points} of ${metricLines} points of the loss were found`);
      }
    }
    return { 'log.metrics.7m.ms': median(times) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Points of the loss, all ranks together. */
async function scannedPoints(path: string): Promise<number> {
  const series = new SeriesSet();
  const scanner = new MetricScanner(series);
  const file = await open(path);
  try {
    let [current, other] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
    let read = await file.read(current, 0, chunkBytes);
    while (read.bytesRead > 0) {
      // The next bytes are read while these are scanned.
      const next = file.read(other, 0, chunkBytes);
      scanner.push(current.subarray(0, read.bytesRead));
      read = await next;
      [current, other] = [other, current];
    }
  } finally {
    await file.close();
  }
  scanner.end();
  return series
    .curves()
    .filter(({ name }) => name === 'loss')
    .reduce((sum, { length }) => sum + length, 0);
}
