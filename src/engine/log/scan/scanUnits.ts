import { linesOf, readArrivals } from '../blockReader.ts';
import type { LogMark } from '../lineReplay.ts';
import type { RawLog } from '../rawLog.ts';

/** Whole lines of one stream. */
export interface ScanChunk {
  readonly stream: number;
  readonly bytes: Buffer;
}

/** A stretch of a log between two marks: its lines by stream, and where they stand in the log. */
export interface ScanUnit {
  readonly from: LogMark;
  readonly to: LogMark;
  readonly chunks: readonly ScanChunk[];
}

/** Blocks are read together up to this size, in bytes. */
const unitBytes = 1024 * 1024;
/** A line that is longer is looked at in its first part only, in bytes. */
const longestLine = 16 * 1024 * 1024;

/** The last mark up to which the blocks from `marks[index]` on make one unit. */
export function unitEnd(marks: readonly LogMark[], index: number): number {
  const from = marks[index];
  let end = index + 1;
  while (from !== undefined && end + 1 < marks.length && sizeBetween(from, marks[end + 1] ?? from) <= unitBytes) {
    end += 1;
  }
  return end;
}

/** Reads every line that is completed between two marks. */
export async function readUnit(raw: RawLog, from: LogMark, to: LogMark): Promise<ScanUnit> {
  const chunks: ScanChunk[] = [];
  for (const [stream, { start: end }] of to.streams.entries()) {
    const start = from.streams[stream]?.start ?? 0;
    if (end > start) {
      const bytes = await raw.read(stream, start, Math.min(end - start, longestLine));
      chunks.push({ stream, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) });
    }
  }
  return { from, to, chunks };
}

export interface PlacedLine {
  readonly line: number;
  readonly time: number | null;
}

/**
 * Where the lines of a unit stand in the log: for each chunk, by their number in it. One stream without gaps needs no look at
 * the order, unless times are wanted.
 */
export async function placesIn(
  raw: RawLog,
  unit: ScanUnit,
  withTimes: boolean,
): Promise<(stream: number, lineInChunk: number) => PlacedLine | undefined> {
  const { from, to, chunks } = unit;
  const [only] = chunks;
  if (!withTimes && only !== undefined && chunks.length === 1 && countLines(only.bytes) === to.line - from.line) {
    return (_stream, lineInChunk) => ({ line: from.line + lineInChunk, time: null });
  }
  const spans = linesOf(from, await readArrivals(raw, from, await raw.between(from, to)));
  const places = new Map<number, PlacedLine[]>();
  for (const [index, span] of spans.entries()) {
    if (span.kind === 'line') {
      const list = places.get(span.stream) ?? [];
      places.set(span.stream, list);
      list.push({ line: from.line + index, time: span.time });
    }
  }
  return (stream, lineInChunk) => places.get(stream)?.[lineInChunk];
}

export function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    count += 1;
  }
  return count;
}

function sizeBetween(from: LogMark, to: LogMark): number {
  return to.streams.reduce((sum, { taken }, stream) => sum + taken - (from.streams[stream]?.taken ?? 0), 0);
}
