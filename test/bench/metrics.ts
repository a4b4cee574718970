import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileSource } from '../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../src/engine/log/openLog.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { writeBigLog } from '../fixtures/log/bigLog.ts';
import { ScanWatch, until } from '../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../fixtures/log/scanScript.ts';
import { median } from './median.ts';

const lines = 10_000_000;
const rounds = 5;

/** Milliseconds to make curves of an open log of ten million lines, seven of which carry metrics, the start of the threads included. */
export async function benchMetrics(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-bench-metrics-'));
  try {
    const path = join(folder, 'big.log');
    const { metricLines } = await writeBigLog(path, { lines, seed: 1 });
    const log = new OpenLog(new FileSource(path), systemClock, await bundleScanScript(folder));
    void log.follow();
    await until(log, () => log.outline.counted);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const points = await scannedPoints(log);
      times.push(performance.now() - started);
      if (points !== metricLines) {
        throw new Error(`${points} of ${metricLines} points of the loss were found`);
      }
    }
    await log.close();
    return { 'log.metrics.7m.ms': median(times) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Points of the loss, all ranks together. */
async function scannedPoints(log: OpenLog): Promise<number> {
  const scan = new ScanWatch(log, { kind: 'series', patterns: [] });
  await scan.scanned(lines);
  scan.dispose();
  if (scan.problem !== undefined) {
    throw new Error(scan.problem);
  }
  const lengths = new Map<string, number>();
  for (const message of scan.messages) {
    for (const { name, rank, length } of message.kind === 'series' ? message.series : []) {
      if (name === 'loss') {
        lengths.set(`${name} ${rank}`, length);
      }
    }
  }
  return [...lengths.values()].reduce((sum, length) => sum + length, 0);
}
