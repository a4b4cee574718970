import type { LineFilter, LineQuery } from '../../../core/logRow.ts';
import type { RawLog } from '../rawLog.ts';
import { compileFilter, type ChunkFilter } from './lineFilter.ts';
import { compileQuery } from './lineMatcher.ts';
import { placesIn, type ScanUnit } from './scanUnits.ts';

/** Finds lines unit by unit; what it gives is in order over all units. */
export interface LineScan {
  lines(raw: RawLog, unit: ScanUnit): Promise<readonly number[]>;
}

/** Throws SyntaxError for a pattern that is none. */
export function findScan(query: LineQuery): LineScan {
  const matcher = compileQuery(query);
  return { lines: async (raw, unit) => await placed(raw, unit, (chunk) => matcher.matchingLines(chunk), always) };
}

/** Throws SyntaxError for a pattern that is none. `rankOf`: the rank of a stream that belongs to one alone. */
export function filterScan(filter: LineFilter, rankOf: (stream: number) => number | null): LineScan {
  const passes = compileFilter(filter, rankOf);
  const { from, to } = filter;
  const inTime =
    from === null && to === null
      ? always
      : (time: number | null): boolean => time !== null && time >= (from ?? time) && time <= (to ?? time);
  const context = new Context(filter.context);
  return {
    lines: async (raw, unit) => context.around(await placed(raw, unit, passes, inTime), unit.from.line, unit.to.line),
  };
}

const always = null;

async function placed(
  raw: RawLog,
  unit: ScanUnit,
  passes: ChunkFilter,
  inTime: ((time: number | null) => boolean) | null,
): Promise<readonly number[]> {
  const found = unit.chunks.map(({ stream, bytes }) => ({
    stream,
    lines: passes(bytes, stream),
  }));
  if (found.every(({ lines }) => lines.length === 0)) {
    return [];
  }
  const placeOf = await placesIn(raw, unit, inTime !== null);
  const lines: number[] = [];
  for (const { stream, lines: inChunk } of found) {
    for (const lineInChunk of inChunk) {
      const place = placeOf(stream, lineInChunk);
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

  constructor(lines: number) {
    this.#lines = lines;
  }

  around(found: readonly number[], from: number, to: number): readonly number[] {
    if (this.#lines === 0) {
      return found;
    }
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
}
