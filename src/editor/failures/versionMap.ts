import { mapLine } from '../../core/failure/lineMap.ts';

/** Where a line of the version that ran is in today's text. */
export interface TodayLine {
  /** Counted from 1. */
  readonly line: number;
  /** The line itself is still there as it was. */
  readonly exact: boolean;
}

/** One file as it was when it ran, to compare with what it is today. */
export class VersionMap {
  readonly #before: readonly string[];

  /** The text of the version that ran. */
  constructor(text: string) {
    this.#before = linesOf(text);
  }

  /** Whether nothing that an editor shows has changed. */
  isSame(today: string): boolean {
    const after = linesOf(today);
    return after.length === this.#before.length && after.every((line, index) => line === this.#before[index]);
  }

  /** `line` is of the version that ran, counted from 1. */
  map(today: string, line: number): TodayLine {
    return mapLine(this.#before, linesOf(today), line);
  }
}

/** As an editor divides a text; without the mark that some files begin with. */
function linesOf(text: string): readonly string[] {
  return (text.startsWith('\uFEFF') ? text.slice(1) : text).split(/\r\n|\n|\r/u);
}
