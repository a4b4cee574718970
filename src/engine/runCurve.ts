import { open } from 'node:fs/promises';

import { byImportance } from '../core/metrics/importance.ts';
import { MetricScanner } from '../core/metrics/metricScanner.ts';
import type { Series } from '../core/metrics/series.ts';
import { SeriesSet } from '../core/metrics/seriesSet.ts';
import { readAt } from './logFiles.ts';

/** A file is looked at in so many places, each so long in bytes, however large it is. */
const places = 32;
const placeBytes = 64 * 1024;

const newline = 10;

/**
 * The metric that people look at first, from a few places of the raw files of a log: enough for a small curve, at once. null when
 * there is none. Rejects with the system's error.
 */
export async function sampledCurve(paths: readonly string[], signal: AbortSignal): Promise<Series | null> {
  const found: Series[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    found.push(...(await sampledSeries(path, signal)));
  }
  return found.toSorted((one, other) => byImportance(one.name, other.name) || other.length - one.length)[0] ?? null;
}

async function sampledSeries(path: string, signal: AbortSignal): Promise<readonly Series[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const series = new SeriesSet();
    const scanner = new MetricScanner(series);
    const step = Math.max(placeBytes, size / places);
    for (let position = 0; position < size; position += step) {
      signal.throwIfAborted();
      const bytes = await readAt(file, Math.floor(position), placeBytes);
      // Where the places touch, lines go on from one into the next.
      const isTouching = step === placeBytes;
      const start = position === 0 || isTouching ? 0 : bytes.indexOf(newline) + 1;
      const end = isTouching ? bytes.byteLength : bytes.lastIndexOf(newline) + 1;
      scanner.push(bytes.subarray(start, Math.max(start, end)));
    }
    return series.curves();
  } finally {
    await file.close();
  }
}
