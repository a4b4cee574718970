import { setImmediate as turn } from 'node:timers/promises';

import { type BlockRead, eachArrival, expectedAfter, readArrivals } from './blockReader.ts';
import type { ByteScan } from './bytes/byteScan.ts';
import { giveBackByteScan, takeByteScan } from './bytes/createByteScan.ts';
import { atRest, type GapMark, LineReplay, type LogMark, logStart } from './lineReplay.ts';
import type { IndexMarks } from './savedIndex.ts';
import { blockBytes, blockRecords, type LogSource, type ReadEdges } from './logSource.ts';

/** What was read after a mark; of the mark, line and starts of lines are not known yet. */
interface Portion {
  readonly from: LogMark;
  readonly block: BlockRead;
}

/**
 * Marks along a log, about one per 256 KB, so that any line is found by reading one block. The last mark is where the log ends
 * so far; it moves on until its block is full.
 */
export class LogIndex {
  readonly #source: LogSource;
  #marks: LogMark[] = [logStart];
  #end: LogMark = logStart;
  #gaps: GapMark[] = [];
  /** While the log rests and some line is unfinished. */
  #rest: LogMark | undefined;
  #edges: ReadEdges = noEdges;
  /** While there is something to count. */
  #scan: ByteScan | undefined;
  #buffer: 0 | 1 = 0;
  /** What comes next is read while the last portion is counted. */
  #next: Promise<Portion | undefined> | undefined;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** As far as was read. */
  get end(): LogMark {
    return this.#end;
  }

  /** The same, with unfinished lines counted while the log rests. */
  get last(): LogMark {
    return this.#rest ?? this.#end;
  }

  /** Whether anything more is expected for now. True when that changes what lines there are. */
  rest(isAtRest: boolean): boolean {
    const before = this.last;
    const rest = isAtRest ? atRest(this.#end) : this.#end;
    this.#rest = rest.isAtRest === true ? (this.#rest ?? rest) : undefined;
    return this.last !== before;
  }

  /** What the log must still begin with, and have before `end`, for the marks to hold. */
  get edges(): ReadEdges {
    return this.#edges;
  }

  get lines(): number {
    return this.last.line;
  }

  /** Bytes that were read, over all streams. */
  get bytes(): number {
    return takenBytes(this.#end);
  }

  /** The marks at which blocks begin, in order; the first is the start of the log. */
  get marks(): readonly LogMark[] {
    return this.#marks;
  }

  /** Where something is missing, in order. */
  get gaps(): readonly GapMark[] {
    return this.#gaps;
  }

  /** Takes up where an earlier index of the same log ended. Rejects with the system's error. */
  async restore({ marks, end, gaps }: IndexMarks): Promise<void> {
    const taken = end.streams[0]?.taken ?? 0;
    const length = Math.min(edgeBytes, taken);
    const { raw } = this.#source;
    this.#edges = { head: await raw.read(0, 0, length), tail: await raw.read(0, taken - length, length) };
    this.#marks = [logStart, ...marks.slice(1)];
    this.#end = end;
    this.#gaps = [...gaps];
    this.#rest = undefined;
  }

  clear(): void {
    this.#marks = [logStart];
    this.#end = logStart;
    this.#gaps = [];
    this.#rest = undefined;
    this.#edges = noEdges;
    this.#next = this.#next?.then(() => undefined);
  }

  /** Reads the next portion. False when nothing (whole) has arrived. Rejects with the system's error. */
  async advance(): Promise<boolean> {
    const { records } = this.#end;
    const block = await this.#portion();
    await this.#readAhead(block);
    const replay = new LineReplay(this.#end);
    let begin = this.#marks.at(-1) ?? logStart;
    let size = takenBytes(this.#end) - takenBytes(begin);
    eachArrival(block, (arrival, bytes) => {
      if (arrival.kind === 'gap') {
        this.#gaps.push({ line: replay.line, gap: arrival.gap });
        replay.gap();
      } else {
        replay.count(arrival.stream, bytes, this.#bytes.countLineFeeds(bytes), arrival.time);
        size += arrival.bytes;
        this.#edges = arrival.stream === 0 ? edgesAfter(this.#edges, bytes) : this.#edges;
      }
      if (size >= blockBytes || replay.records - begin.records >= blockRecords) {
        begin = replay.mark;
        size = 0;
        this.#marks.push(begin);
      }
    });
    if (replay.records > records) {
      this.#end = begin.records === replay.records ? begin : replay.mark;
      this.#rest = undefined;
    } else {
      await this.pause();
    }
    return replay.records > records;
  }

  /** Nothing is read for now: what that takes is given back. */
  async pause(): Promise<void> {
    await this.#next?.catch(() => undefined);
    this.#next = undefined;
    if (this.#scan !== undefined) {
      giveBackByteScan(this.#scan);
      this.#scan = undefined;
    }
  }

  get #bytes(): ByteScan {
    return (this.#scan ??= takeByteScan());
  }

  async #portion(): Promise<BlockRead> {
    const ahead = await this.#next?.catch(() => undefined);
    this.#next = undefined;
    const isNext = ahead?.from.records === this.#end.records && takenBytes(ahead.from) === this.bytes;
    return isNext ? ahead.block : (await this.#read(this.#end)).block;
  }

  async #readAhead({ arrivals }: BlockRead): Promise<void> {
    const expected = expectedAfter(this.#end, arrivals);
    if (takenBytes(expected) - this.bytes >= blockBytes) {
      this.#next = this.#read(expected);
      this.#next.catch(() => undefined);
      // Now the system is asked for it; else that would wait until the counting is done.
      await turn();
    }
  }

  async #read(from: LogMark): Promise<Portion> {
    const arrivals = await this.#source.arrivals(from);
    this.#buffer = this.#buffer === 0 ? 1 : 0;
    const block = await readArrivals(this.#source.raw, from, arrivals, this.#bytes.buffers[this.#buffer]);
    const isSo = arrivals.length === 0 || (await this.#source.confirms(from));
    return { from, block: isSo ? block : nothingArrived };
  }

  /** The block that holds a line: where it begins, where it ends. undefined beyond the end. */
  blockOf(line: number): { readonly from: LogMark; readonly to: LogMark } | undefined {
    if (line < 0 || line >= this.lines) {
      return undefined;
    }
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#marks[middle]?.line ?? 0) <= line) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const from = this.#marks[low];
    return from === undefined ? undefined : { from, to: this.#marks[low + 1] ?? this.last };
  }
}

const nothingArrived: BlockRead = { arrivals: [], bytes: new Map() };

function takenBytes({ streams }: LogMark): number {
  return streams.reduce((sum, { taken }) => sum + taken, 0);
}

const noEdges: ReadEdges = { head: new Uint8Array(), tail: new Uint8Array() };
const edgeBytes = 256;

/** Copies: the bytes lie in a buffer that is used again. */
function edgesAfter({ head, tail }: ReadEdges, bytes: Uint8Array): ReadEdges {
  const more = Buffer.concat([tail, bytes.subarray(-edgeBytes)]).subarray(-edgeBytes);
  return {
    head:
      head.byteLength < edgeBytes ? Buffer.concat([head, bytes.subarray(0, edgeBytes)]).subarray(0, edgeBytes) : head,
    tail: more,
  };
}
