import type { LogRowView, LogState, LogTail } from '../../src/protocol/logView.ts';
import { RowCache, type Stretch } from './rowCache.ts';

/** What a new state means for who reads. */
export interface ContentChange {
  /** Nothing of before is there any more: another log, or the same begun anew. */
  readonly isOther: boolean;
  /** Rows are numbered in another view. */
  readonly isOtherView: boolean;
  /** And they are others: not the same of which more is known, such as what in them opens a file. */
  readonly isOtherRows: boolean;
  /** By how much rows that were numbered from the first that was known have moved. */
  readonly shift: number;
}

/** The rows of a view as far as they are here: the end, which comes by itself, and pages that are asked for. */
export class LogContent {
  readonly #cache: RowCache;
  #state: LogState | undefined;
  #tail: LogTail = { from: null, rows: [], partial: [] };
  #hasTimes = false;

  /** `ask` gets the view, the first row and how many. */
  constructor(ask: (view: number, from: number, count: number) => void) {
    this.#cache = new RowCache((from, count) => {
      if (this.#state !== undefined) {
        ask(this.#state.view, from, count);
      }
    });
  }

  get state(): LogState | undefined {
    return this.#state;
  }

  /** Some line has a time. */
  get hasTimes(): boolean {
    return this.#hasTimes;
  }

  /** While the rows before the end are not counted, the rows at the end are all there is. */
  get isTailOnly(): boolean {
    return this.#tail.from === null;
  }

  /** Complete rows. */
  get rows(): number {
    return this.isTailOnly ? this.#tail.rows.length : (this.#state?.rows ?? 0);
  }

  /** With the lines that are not complete yet. */
  get allRows(): number {
    return this.rows + this.#tail.partial.length;
  }

  /** Of each stream the line that is not complete yet. */
  get unfinished(): readonly LogRowView[] {
    return this.#tail.partial;
  }

  /** Where such a line stands; null when there is none. */
  unfinishedRow(stream: number): number | null {
    const position = this.#tail.partial.findIndex((row) => row.stream === stream);
    return position === -1 ? null : this.rows + position;
  }

  apply(state: LogState, tail: LogTail | null): ContentChange {
    const before = this.#state;
    const wasTailOnly = this.isTailOnly;
    const known = this.#tail.rows.length;
    const isOther = before?.generation !== state.generation;
    const isOtherView = isOther || before.view !== state.view;
    const isOtherRows = isOther || JSON.stringify(before.filter) !== JSON.stringify(state.filter);
    this.#state = state;
    if (isOtherRows) {
      this.#cache.clear();
      this.#tail = { from: state.rows, rows: [], partial: [] };
    } else {
      if (isOtherView) {
        this.#cache.renew();
      }
      if (state.rows < before.rows) {
        // The last line was taken for complete and goes on.
        this.#cache.cut(state.rows);
      }
    }
    if (tail !== null) {
      this.#tail = tail;
      this.#noteTimes(tail.rows);
      if (tail.from !== null) {
        this.#cache.put(tail.from, tail.rows);
      }
    }
    const shift = wasTailOnly && !this.isTailOnly && !isOtherRows ? Math.max(0, this.rows - known) : 0;
    return { isOther, isOtherView, isOtherRows, shift };
  }

  /** An answer; that to a view of before is left out. */
  put(view: number, from: number, rows: readonly LogRowView[]): void {
    if (view === this.#state?.view) {
      this.#cache.put(from, rows);
      this.#noteTimes(rows);
    }
  }

  /** undefined while it is on its way. */
  row(row: number): LogRowView | undefined {
    const rows = this.rows;
    if (row >= rows) {
      return this.#tail.partial[row - rows];
    }
    return this.#tail.rows[row - (this.#tail.from ?? 0)] ?? this.#cache.get(row);
  }

  /** How long rows that are asked for take to come, in ms. */
  get delay(): number {
    return this.#cache.delay;
  }

  /** Asks for what is missing from `from` to `to`, exclusive. */
  want(from: number, to: number): void {
    const tailFrom = this.#tail.from;
    if (tailFrom !== null) {
      this.#cache.want(from, Math.min(to, tailFrom), this.rows);
    }
  }

  /** Asks for rows that may be wanted next, those of the first stretch first; what was expected before is not any more. */
  expect(stretches: readonly Stretch[]): void {
    const end = this.#tail.from ?? 0;
    this.#cache.expect(
      stretches.map((stretch) => ({ ...stretch, to: Math.min(stretch.to, end) })),
      this.rows,
    );
  }

  #noteTimes(rows: readonly LogRowView[]): void {
    this.#hasTimes ||= rows.some(({ time }) => time !== null);
  }
}
