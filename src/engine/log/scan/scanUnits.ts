import { linesOf, readArrivals } from '../blockReader.ts';
import { bufferBytes, type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { type LogMark, logStart, streamStart } from '../lineReplay.ts';
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
  /** Of some line the end was left out. */
  readonly isPartial: boolean;
}

/** Blocks are read together up to this size, in bytes; leaves room for lines that began before. */
const unitBytes = bufferBytes - 128 * 1024;
/** Blocks of many records may be small: no more are read together. */
const mostBlocks = 32;
/** Lines are looked at together up to this size, in bytes: what the processor keeps close at hand. */
const sliceBytes = 256 * 1024;

const lineFeed = Buffer.from('\n');
const nothing = Buffer.alloc(0);

/** The last mark up to which the blocks from `marks[index]` on make one unit. */
export function unitEnd(marks: readonly LogMark[], index: number): number {
  const [from = logStart, , ...later] = marks.slice(index, index + mostBlocks + 1);
  const beyond = later.findIndex((mark) => sizeBetween(from, mark) > unitBytes);
  return index + 1 + (beyond === -1 ? later.length : beyond);
}

/**
 * Reads every line that is completed between two marks, an unfinished one where the log rests with a line feed; into `room` as long as there is some. Of a line that was more than
 * `longest` bytes long at `from`, what follows those up to there is left out.
 */
export async function readUnit(
  raw: RawLog,
  from: LogMark,
  to: LogMark,
  room: Buffer,
  longest = mostBytes,
): Promise<ScanUnit> {
  const chunks: ScanChunk[] = [];
  let isPartial = false;
  let used = 0;
  for (const [stream, last] of to.streams.entries()) {
    const { start, taken } = from.streams[stream] ?? streamStart;
    const isUnfinished = to.isAtRest === true && last.taken > last.start;
    const end = isUnfinished ? last.taken : last.start;
    const length = end - start;
    if (length <= 0) {
      continue;
    }
    const lineEnd = isUnfinished ? lineFeed : nothing;
    if (used + length + lineEnd.byteLength <= room.byteLength) {
      const { byteLength } = await raw.readInto(stream, start, room.subarray(used, used + length));
      lineEnd.copy(room, used + byteLength);
      chunks.push({ stream, bytes: room.subarray(used, used + byteLength + lineEnd.byteLength) });
      used += length + lineEnd.byteLength;
    } else {
      const head = Math.min(taken - start, longest);
      isPartial ||= head < taken - start;
      const parts = [await raw.read(stream, start, head), await raw.read(stream, taken, end - taken), lineEnd];
      chunks.push({ stream, bytes: Buffer.concat(parts) });
    }
  }
  return { from, to, chunks, isPartial };
}

/**
 * Looks at a chunk slice by slice: the numbers of its lines that `linesOfSlice` gives, 0-based within the chunk. Several lines are no
 * more than `mostBytes`; a longer line comes alone.
 */
export function linesInChunk(
  scan: ByteScan,
  { bytes }: ScanChunk,
  linesOfSlice: (lines: Buffer) => Iterable<number>,
): readonly number[] {
  const found: number[] = [];
  let line = 0;
  let counted = 0;
  for (let at = 0; at < bytes.byteLength;) {
    const last = bytes.subarray(at, at + sliceBytes).lastIndexOf(newline);
    const next = last === -1 ? bytes.indexOf(newline, at) : at + last;
    const end = next === -1 ? bytes.byteLength : next + 1;
    let placed = false;
    for (const inSlice of linesOfSlice(bytes.subarray(at, end))) {
      if (!placed) {
        placed = true;
        line += scan.countLineFeeds(bytes.subarray(counted, at));
        counted = at;
      }
      found.push(line + inSlice);
    }
    at = end;
  }
  return found;
}

const newline = 10;

/** Where the lines of a unit stand in the log, and which lines stand there. Lines in a chunk are 0-based. */
export interface UnitOrder {
  place(stream: number, lineInChunk: number): { readonly line: number; readonly time: number | null } | undefined;
  /** undefined for a gap marker. */
  at(line: number): { readonly stream: number; readonly lineInChunk: number } | undefined;
}

/** One stream without gaps needs no look at the order, unless times are wanted. */
export async function orderOf(raw: RawLog, scan: ByteScan, unit: ScanUnit, withTimes: boolean): Promise<UnitOrder> {
  const { from, to, chunks } = unit;
  const [only] = chunks;
  const lines = to.line - from.line;
  if (!withTimes && only !== undefined && chunks.length === 1 && scan.countLineFeeds(only.bytes) === lines) {
    const { stream } = only;
    return {
      place: (_stream, lineInChunk) => ({ line: from.line + lineInChunk, time: null }),
      at: (line) => ({ stream, lineInChunk: line - from.line }),
    };
  }
  const spans = linesOf(from, await readArrivals(raw, from, await raw.between(from, to)), to.isAtRest);
  const places = new Map<number, { readonly line: number; readonly time: number | null }[]>();
  const inOrder = spans.map((span, index) => {
    if (span.kind === 'gap') {
      return undefined;
    }
    const list = places.get(span.stream) ?? [];
    places.set(span.stream, list);
    list.push({ line: from.line + index, time: span.time });
    return { stream: span.stream, lineInChunk: list.length - 1 };
  });
  return {
    place: (stream, lineInChunk) => places.get(stream)?.[lineInChunk],
    at: (line) => inOrder[line - from.line],
  };
}

/** Bytes of all streams that arrived between two marks. */
export function sizeBetween(from: LogMark, to: LogMark): number {
  return to.streams.reduce((sum, { taken }, stream) => sum + taken - (from.streams[stream]?.taken ?? 0), 0);
}
