import type { LineFilter, LineQuery } from '../../../core/logRow.ts';
import type { ByteScan } from '../bytes/byteScan.ts';
import type { RawLog } from '../rawLog.ts';
import { compileFilter, type SliceFilter } from './lineFilter.ts';
import { compileQuery } from './lineMatcher.ts';
import { linesInChunk, orderOf, type ScanUnit } from './scanUnits.ts';

/** Finds lines unit by unit; what it gives is in order over all units. */
export type LineScan = (raw: RawLog, unit: ScanUnit) => Promise<readonly number[]>;

/** Throws SyntaxError for a pattern that is none. */
export function findScan(query: LineQuery, scan: ByteScan): LineScan {
  const matcher = compileQuery(query, scan);
  return async (raw, unit) => await placed(raw, scan, unit, matcher, null);
}

/** Throws SyntaxError for a pattern that is none. `rankOf`: the rank of a stream that belongs to one alone. */
export function filterScan(filter: LineFilter, scan: ByteScan, rankOf: (stream: number) => number | null): LineScan {
  const passes = compileFilter(filter, scan, rankOf);
  const { from, to } = filter;
  const inTime =
    from === null && to === null
      ? null
      : (time: number | null): boolean => time !== null && time >= (from ?? time) && time <= (to ?? time);
  const context = new Context(filter.context);
  return async (raw, unit) =>
    context.around(await placed(raw, scan, unit, passes, inTime), unit.from.line, unit.to.line);
}

async function placed(
  raw: RawLog,
  scan: ByteScan,
  unit: ScanUnit,
  passes: SliceFilter,
  inTime: ((time: number | null) => boolean) | null,
): Promise<readonly number[]> {
  const found = unit.chunks.map((chunk) => ({
    stream: chunk.stream,
    lines: linesInChunk(scan, chunk, (lines) => passes(lines, chunk.stream)),
  }));
  if (found.every(({ lines }) => lines.length === 0)) {
    return [];
  }
  const order = await orderOf(raw, scan, unit, inTime !== null);
  const lines: number[] = [];
  for (const { stream, lines: inChunk } of found) {
    for (const lineInChunk of inChunk) {
      const place = order.place(stream, lineInChunk);
      if (place !== undefined && (inTime === null || inTime(place.time))) {
        lines.push(place.line);
      }
    }
  }
  return unit.chunks.length === 1 ? lines : lines.toSorted((a, b) => a - b);
}

/** Adds the lines around those that were found; a line is never given twice. */
class Context {
  readonly #lines: number;
  /** The next line that has not been given; before it everything was decided. */
  #next = 0;
  /** Up to here, exclusive, lines follow one that was found in an earlier unit. */
  #owed = 0;
  /** Where the unit begins, and what was owed there. */
  #from = -1;
  #owedBefore = 0;

  constructor(lines: number) {
    this.#lines = lines;
  }

  around(found: readonly number[], from: number, to: number): readonly number[] {
    if (this.#lines === 0) {
      return found;
    }
    this.#begin(from);
    const given: number[] = [];
    const give = (start: number, end: number): void => {
      for (let line = Math.max(start, this.#next); line < end; line += 1) {
        given.push(line);
        this.#next = line + 1;
      }
    };
    give(from, Math.min(this.#owed, to));
    for (const line of found) {
      give(Math.max(0, line - this.#lines), Math.min(line + this.#lines + 1, to));
      this.#owed = line + this.#lines + 1;
    }
    return given;
  }

  /** A unit that begins where the last one did is looked at anew: the log rested in between. */
  #begin(from: number): void {
    if (from !== this.#from) {
      this.#from = from;
      this.#owedBefore = this.#owed;
    }
    this.#owed = this.#owedBefore;
    this.#next = Math.min(this.#next, from);
  }
}
