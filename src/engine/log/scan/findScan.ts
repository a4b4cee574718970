import type { LineFilter, LineQuery } from '../../../core/logRow.ts';
import type { ByteScan } from '../bytes/byteScan.ts';
import { resumed } from '../lineReplay.ts';
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
  if (filter.context === 0) {
    return async (raw, unit) => await placed(raw, scan, unit, passes, inTime);
  }
  const context = new Context(filter.context);
  // What is to be hidden is no context either, nor is what belongs to others.
  const hides = filter.exclude !== null || filter.streams !== null || filter.ranks !== null || inTime !== null;
  const mayBeShown = hides ? compileFilter({ ...filter, include: null, levels: null }, scan, rankOf) : null;
  return async (raw, unit) => {
    const found = await placed(raw, scan, unit, passes, inTime);
    const { from: begin, to: end } = unit;
    const all = (): readonly number[] =>
      Array.from({ length: end.line - begin.line }, (_, index) => begin.line + index);
    const shown = mayBeShown === null ? all() : await placed(raw, scan, unit, mayBeShown, inTime);
    return context.around(found, shown, resumed(end).line);
  };
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

/** What is known of the lines before a unit. */
interface Before {
  /** The last of the lines that may be shown and were not. */
  readonly recent: readonly number[];
  /** So many that follow are shown after one that was found. */
  readonly owed: number;
}

/** Adds the lines around those that were found; a line is never given twice. */
class Context {
  readonly #lines: number;
  #before: Before = { recent: [], owed: 0 };

  constructor(lines: number) {
    this.#lines = lines;
  }

  /**
   * `shown`: the lines of a unit that may be shown, those that were found among them. Those from `settled` on are unfinished: they
   * come again in the next unit.
   */
  around(found: readonly number[], shown: readonly number[], settled: number): readonly number[] {
    let { owed } = this.#before;
    let recent = [...this.#before.recent];
    let before: Before | undefined;
    const given: number[] = [];
    let next = 0;
    for (const line of shown) {
      before ??= line >= settled ? { recent, owed } : undefined;
      if (line === found[next]) {
        next += 1;
        given.push(...recent, line);
        recent = [];
        owed = this.#lines;
      } else if (owed > 0) {
        given.push(line);
        owed -= 1;
      } else {
        recent = [...recent, line].slice(-this.#lines);
      }
    }
    before ??= { recent, owed };
    this.#before = { recent: before.recent.filter((line) => !given.includes(line)), owed: before.owed };
    return given;
  }
}
