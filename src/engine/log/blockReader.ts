import { type Arrival, LineReplay, type LineSpan, type LogMark, streamStart } from './lineReplay.ts';
import type { RawLog } from './rawLog.ts';

export interface BlockRead {
  readonly arrivals: readonly Arrival[];
  /** Of each stream, what these arrivals brought, as far as it is on disk already. */
  readonly bytes: ReadonlyMap<number, Uint8Array>;
}

/** Reads each stream's share of some arrivals at once, however finely they are interleaved; into `room` as long as there is some. */
export async function readArrivals(
  raw: RawLog,
  from: LogMark,
  arrivals: readonly Arrival[],
  room: Buffer = Buffer.alloc(0),
): Promise<BlockRead> {
  const lengths = new Map<number, number>();
  for (const arrival of arrivals) {
    if (arrival.kind === 'bytes') {
      lengths.set(arrival.stream, (lengths.get(arrival.stream) ?? 0) + arrival.bytes);
    }
  }
  const bytes = new Map<number, Uint8Array>();
  let used = 0;
  for (const [stream, length] of lengths) {
    const position = from.streams[stream]?.taken ?? 0;
    const fits = used + length <= room.byteLength;
    bytes.set(
      stream,
      fits
        ? await raw.readInto(stream, position, room.subarray(used, used + length))
        : await raw.read(stream, position, length),
    );
    used += fits ? length : 0;
  }
  return { arrivals, bytes };
}

/** How far a log is read after these arrivals, when all of them are on disk; lines are not told. */
export function expectedAfter({ line, records, streams }: LogMark, arrivals: readonly Arrival[]): LogMark {
  const after = [...streams];
  for (const arrival of arrivals) {
    if (arrival.kind === 'bytes') {
      const { start, taken } = after[arrival.stream] ?? streamStart;
      after[arrival.stream] = { start, taken: taken + arrival.bytes, time: arrival.time };
    }
  }
  return {
    line,
    records: records + arrivals.length,
    streams: Array.from(after, (one) => one ?? streamStart),
  };
}

/**
 * Goes through a block; `visit` gets each arrival with its bytes. Stops before the first arrival whose bytes are not on disk yet,
 * as the order of arrival may be written before the bytes are.
 */
export function eachArrival(block: BlockRead, visit: (arrival: Arrival, bytes: Uint8Array) => void): void {
  const used = new Map<number, number>();
  const nothing = new Uint8Array();
  for (const arrival of block.arrivals) {
    if (arrival.kind === 'gap') {
      visit(arrival, nothing);
      continue;
    }
    const at = used.get(arrival.stream) ?? 0;
    const bytes = block.bytes.get(arrival.stream) ?? nothing;
    if (at + arrival.bytes > bytes.byteLength) {
      return;
    }
    used.set(arrival.stream, at + arrival.bytes);
    visit(arrival, bytes.subarray(at, at + arrival.bytes));
  }
}

/** The lines that a block completes; where the log rests after it, those that it leaves unfinished too. */
export function linesOf(from: LogMark, block: BlockRead, isAtRest = false): readonly LineSpan[] {
  const replay = new LineReplay(from);
  const lines: LineSpan[] = [];
  eachArrival(block, (arrival, bytes) => {
    if (arrival.kind === 'gap') {
      replay.gap();
      lines.push(arrival);
    } else {
      for (const line of replay.lines(arrival.stream, bytes, arrival.time)) {
        lines.push(line);
      }
    }
  });
  if (isAtRest) {
    for (const [stream, { start, taken, time }] of replay.mark.streams.entries()) {
      if (taken > start) {
        lines.push({ kind: 'line', stream, start, end: taken, time });
      }
    }
  }
  return lines;
}
