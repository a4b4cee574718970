import type { LineFilter } from '../../../core/logRow.ts';
import type { ByteScan } from '../bytes/byteScan.ts';
import { type LogMark, resumed } from '../lineReplay.ts';
import type { RawLog } from '../rawLog.ts';
import { compileFilter, type SliceFilter } from './lineFilter.ts';
import { compileQuery } from './lineMatcher.ts';
import { linesInChunk, orderOf, type ScanUnit } from './scanUnits.ts';
import type { LineGoal } from './scanMessages.ts';

/** Lines of a unit, by their numbers in the log and in order. */
export interface FoundLines {
  readonly lines: Uint32Array<ArrayBuffer>;
  /** Those that may be shown around them; null for all. */
  readonly shown: Uint32Array<ArrayBuffer> | null;
}

/** Finds lines in a unit. */
export type LineLook = (raw: RawLog, unit: ScanUnit) => Promise<FoundLines>;

/** Makes of what was found in units, given in their order, what is told of them; what it gives is in order over all units. */
export type LineJoin = (found: FoundLines, from: LogMark, to: LogMark) => Iterable<number>;

/** Throws SyntaxError for a pattern that is none. `rankOf`: the rank of a stream that belongs to one alone. */
export function lineLook(goal: LineGoal, scan: ByteScan, rankOf: (stream: number) => number | null): LineLook {
  if (goal.kind === 'find') {
    const matcher = compileQuery(goal.query, scan);
    return async (raw, unit) => ({ lines: await placed(raw, scan, unit, matcher, null), shown: null });
  }
  const { filter } = goal;
  const passes = compileFilter(filter, scan, rankOf);
  const inTime = timeFilter(filter);
  // What is to be hidden is no context either, nor is what belongs to others.
  const hides = filter.exclude !== null || filter.streams !== null || filter.ranks !== null || inTime !== null;
  const mayBeShown =
    filter.context > 0 && hides ? compileFilter({ ...filter, include: null, levels: null }, scan, rankOf) : null;
  return async (raw, unit) => ({
    lines: await placed(raw, scan, unit, passes, inTime),
    shown: mayBeShown === null ? null : await placed(raw, scan, unit, mayBeShown, inTime),
  });
}

export function lineJoin(goal: LineGoal): LineJoin {
  if (goal.kind === 'find' || goal.filter.context === 0) {
    return ({ lines }) => lines;
  }
  const context = new Context(goal.filter.context);
  return ({ lines, shown }, from, to) =>
    context.around(lines, shown ?? lineNumbers(from.line, to.line), resumed(to).line);
}

function timeFilter({ from, to }: LineFilter): ((time: number | null) => boolean) | null {
  return from === null && to === null
    ? null
    : (time) => time !== null && time >= (from ?? time) && time <= (to ?? time);
}

function lineNumbers(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, index) => from + index);
}

async function placed(
  raw: RawLog,
  scan: ByteScan,
  unit: ScanUnit,
  passes: SliceFilter,
  inTime: ((time: number | null) => boolean) | null,
): Promise<Uint32Array<ArrayBuffer>> {
  const found = unit.chunks.map((chunk) => ({
    stream: chunk.stream,
    lines: linesInChunk(scan, chunk, (lines) => passes(lines, chunk.stream)),
  }));
  if (found.every(({ lines }) => lines.length === 0)) {
    return new Uint32Array();
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
  const placedLines = Uint32Array.from(lines);
  return unit.chunks.length === 1 ? placedLines : placedLines.sort();
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
  around(found: Uint32Array, shown: Uint32Array, settled: number): readonly number[] {
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
