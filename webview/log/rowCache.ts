import type { LogRowView } from '../../src/protocol/logView.ts';

/** Rows that are asked for at once. */
export const pageRows = 256;
const maxPages = 128;

/** The rows of a view that were fetched, in pages; asks for what is missing. */
export class RowCache {
  readonly #ask: (from: number, count: number) => void;
  /** The least recently used first. */
  readonly #pages = new Map<number, readonly LogRowView[]>();
  readonly #asked = new Set<number>();

  constructor(ask: (from: number, count: number) => void) {
    this.#ask = ask;
  }

  get(row: number): LogRowView | undefined {
    return this.#pages.get(Math.floor(row / pageRows))?.[row % pageRows];
  }

  /** Asks for the rows from `from` to `to`, exclusive, that are not there. `rows`: how many there are at all. */
  want(from: number, to: number, rows: number): void {
    for (let page = Math.floor(Math.max(0, from) / pageRows); page * pageRows < Math.min(to, rows); page += 1) {
      const known = this.#pages.get(page);
      if (known !== undefined) {
        this.#pages.delete(page);
        this.#pages.set(page, known);
      }
      const whole = Math.min(pageRows, rows - page * pageRows);
      if ((known?.length ?? 0) < whole && !this.#asked.has(page)) {
        this.#asked.add(page);
        this.#ask(page * pageRows, pageRows);
      }
    }
  }

  /** An answer. Rows of the end of the log come without having been asked for, and begin anywhere. */
  put(from: number, rows: readonly LogRowView[]): void {
    if (from % pageRows === 0) {
      this.#asked.delete(from / pageRows);
    }
    for (let done = 0; done < rows.length;) {
      const page = Math.floor((from + done) / pageRows);
      const first = (from + done) % pageRows;
      const known = this.#pages.get(page) ?? [];
      const taken = rows.slice(done, done + pageRows - first);
      if (first <= known.length) {
        this.#pages.delete(page);
        this.#pages.set(page, [...known.slice(0, first), ...taken, ...known.slice(first + taken.length)]);
      }
      done += taken.length;
    }
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= maxPages) {
        break;
      }
      this.#pages.delete(page);
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#asked.clear();
  }
}
