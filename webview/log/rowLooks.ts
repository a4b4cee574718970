import type { LogRowView } from '../../src/protocol/logView.ts';
import type { LogContent } from './logContent.ts';
import type { LogSearch } from './logSearch.ts';
import type { RowLook } from './rowElement.ts';
import { hasOrigins, originLabel } from './streamLabel.ts';
import type { Stretch } from './textRuns.ts';
import { timeText } from './times.ts';
import type { LogSettings } from './viewerState.ts';
import type { WholeLines } from './wholeLines.ts';

export interface RowLooksDeps {
  readonly content: LogContent;
  readonly search: Pick<LogSearch, 'marks'>;
  readonly whole: WholeLines;
  readonly settings: () => LogSettings;
}

/** How each row is drawn: its number, time and origin, and what is marked in it. */
export class RowLooks {
  readonly #deps: RowLooksDeps;
  /** Rows that were drawn before it was known what is to be marked in them. */
  readonly #unmarked = new Set<number>();

  constructor(deps: RowLooksDeps) {
    this.#deps = deps;
  }

  look(row: LogRowView, index: number): RowLook {
    const { content, whole, settings } = this.#deps;
    const { times, numbers } = settings();
    const { streams = [], startedAt = null } = content.state ?? {};
    const stream = streams[row.stream];
    const before = index > 0 ? (content.row(index - 1)?.time ?? null) : null;
    const number = row.line >= 0 ? String(row.line + 1) : content.isTailOnly ? '?' : '';
    return {
      number: numbers ? number : null,
      time: times === 'off' || !content.hasTimes ? null : timeText(times, row.time, startedAt, before),
      origin: !hasOrigins(streams) ? null : stream === undefined ? '' : originLabel(stream, streams),
      stream,
      found: (visible) => this.#marksOf(visible, index),
      whole: whole.of(row),
    };
  }

  /** A row begins another group of lines around one that matches. Lines of one rank or stream alone are apart everywhere. */
  isApart(index: number): boolean {
    const { content } = this.#deps;
    const filter = content.state?.filter ?? null;
    const [before, line] = [content.row(index - 1)?.line, content.row(index)?.line];
    return (
      filter !== null &&
      filter.context > 0 &&
      filter.streams === null &&
      filter.ranks === null &&
      before !== undefined &&
      line !== undefined &&
      line !== before + 1
    );
  }

  /** It is known what of the row is to be marked. */
  isMarked(row: number): boolean {
    return !this.#unmarked.has(row);
  }

  /** The rows to draw again, now that more is known of what is to be marked. */
  takeUnmarked(): readonly number[] {
    const rows = [...this.#unmarked];
    this.#unmarked.clear();
    return rows;
  }

  #marksOf(visible: string, row: number): readonly Stretch[] {
    const marks = this.#deps.search.marks(visible);
    if (marks === null) {
      this.#unmarked.add(row);
    }
    return marks ?? [];
  }
}
