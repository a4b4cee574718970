import { markAfter, readArrivals } from './blockReader.ts';
import { type LogMark, logStart } from './lineReplay.ts';
import { blockBytes, blockRecords, type LogSource } from './logSource.ts';

/**
 * Marks along a log, about one per 256 KB, so that any line is found by reading one block. The last mark is where the log ends
 * so far; it moves on until its block is full.
 */
export class LogIndex {
  readonly #source: LogSource;
  #marks: LogMark[] = [logStart];
  #end: LogMark = logStart;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** As far as was read. */
  get end(): LogMark {
    return this.#end;
  }

  get lines(): number {
    return this.#end.line;
  }

  /** Bytes that were read, over all streams. */
  get bytes(): number {
    return takenBytes(this.#end);
  }

  /** The marks at which blocks begin, in order; the first is the start of the log. */
  get marks(): readonly LogMark[] {
    return this.#marks;
  }

  /** Takes up where an earlier index of the same log ended. */
  restore(marks: readonly LogMark[]): void {
    const last = marks.at(-1);
    if (last !== undefined) {
      this.#marks = [logStart, ...marks.slice(1)];
      this.#end = last;
    }
  }

  clear(): void {
    this.#marks = [logStart];
    this.#end = logStart;
  }

  /** Reads the next block. False when nothing (whole) has arrived. Rejects with the system's error. */
  async advance(): Promise<boolean> {
    const from = this.#end;
    const arrivals = await this.#source.arrivals(from);
    if (arrivals.length === 0) {
      return false;
    }
    const end = markAfter(from, await readArrivals(this.#source.raw, from, arrivals));
    if (end.records === from.records) {
      return false;
    }
    this.#end = end;
    const begin = this.#marks.at(-1) ?? logStart;
    if (takenBytes(end) - takenBytes(begin) >= blockBytes || end.records - begin.records >= blockRecords) {
      this.#marks.push(end);
    }
    return true;
  }

  /** The block that holds a line: where it begins, where it ends. undefined beyond the end. */
  blockOf(line: number): { readonly from: LogMark; readonly to: LogMark } | undefined {
    if (line < 0 || line >= this.#end.line) {
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
    return from === undefined ? undefined : { from, to: this.#marks[low + 1] ?? this.#end };
  }
}

function takenBytes({ streams }: LogMark): number {
  return streams.reduce((sum, { taken }) => sum + taken, 0);
}
