import { open } from 'node:fs/promises';

import { byImportance } from '../core/metrics/importance.ts';
import { PointScanner } from '../core/metrics/pointScanner.ts';
import type { Series } from '../core/metrics/series.ts';
import { SeriesSet } from '../core/metrics/seriesSet.ts';
import { readAt } from './logFiles.ts';

/** Files are looked at in so many places altogether, each so long in bytes, however many and large they are. */
const mostPlaces = 64;
const placeBytes = 64 * 1024;
/** Of one file: at its beginning and its end at least. */
const places = { least: 2, most: 32 };

const newline = 10;
const carriageReturn = 13;

/** Where a small curve comes from. */
export interface SampledLog {
  readonly streams: readonly string[];
  /** Nothing more is expected: what stands at the end without a line feed is a line. */
  readonly isAtRest: boolean;
}

/**
 * The metric that people look at first, from a few places of the raw files of a log: enough for a small curve, at once. null when
 * there is none. `hidden`: names of metrics that they do not want to see. Rejects with the system's error.
 */
export async function sampledCurve(
  { streams, isAtRest }: SampledLog,
  hidden: readonly string[],
  signal: AbortSignal,
): Promise<Series | null> {
  const found: Series[] = [];
  const each = Math.min(places.most, Math.max(places.least, Math.floor(mostPlaces / streams.length)));
  for (const path of streams.slice(0, mostPlaces / each)) {
    found.push(...(await sampledSeries(path, each, isAtRest, signal)));
  }
  const shown = found.filter(({ name }) => !hidden.includes(name));
  return shown.toSorted((one, other) => byImportance(one.name, other.name) || other.length - one.length)[0] ?? null;
}

async function sampledSeries(
  path: string,
  most: number,
  isAtRest: boolean,
  signal: AbortSignal,
): Promise<readonly Series[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const series = new SeriesSet();
    const scanner = new PointScanner(series);
    const isWhole = size <= most * placeBytes;
    const count = isWhole ? Math.ceil(size / placeBytes) : most;
    // The last place is at the end, which is news.
    const step = isWhole ? placeBytes : (size - placeBytes) / (most - 1);
    for (let place = 0; place < count; place += 1) {
      signal.throwIfAborted();
      const bytes = await readAt(file, Math.floor(place * step), placeBytes);
      const isEnd = isAtRest && place === count - 1;
      // Of a whole file, lines go on from one place into the next.
      scanner.push(isWhole ? bytes : wholeLines(bytes, place === 0, isEnd));
    }
    if (isAtRest) {
      scanner.end();
    }
    return series.curves();
  } finally {
    await file.close();
  }
}

/** Without the lines that are cut off at either end. */
function wholeLines(bytes: Uint8Array, isBeginning: boolean, isEnd: boolean): Uint8Array {
  const end = isEnd ? bytes.length : bytes.findLastIndex(isLineEnd) + 1;
  return bytes.subarray(isBeginning ? 0 : bytes.findIndex(isLineEnd) + 1, end);
}

/** A bar that rewrites its line ends nowhere else. */
function isLineEnd(byte: number): boolean {
  return byte === newline || byte === carriageReturn;
}
