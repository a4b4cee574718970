import type { LogRowView } from '../../src/protocol/logView.ts';

/** Few: what is in sight after a jump is there the sooner the less comes along with it. */
const pageRows = 32;
/** That are asked for at once, at most: a message costs more than some rows in it. */
const mostPages = 16;
const maxPages = 1_024;

interface Page {
  readonly rows: (LogRowView | undefined)[];
  known: number;
}

/** The rows of a view that came, in pages; asks for what is missing. */
export class RowCache {
  readonly #ask: (from: number, count: number) => void;
  /** The least recently used first. */
  readonly #pages = new Map<number, Page>();
  /** By page, the first row that was asked for along with it. */
  readonly #asked = new Map<number, number>();

  constructor(ask: (from: number, count: number) => void) {
    this.#ask = ask;
  }

  get(row: number): LogRowView | undefined {
    return this.#pages.get(Math.floor(row / pageRows))?.rows[row % pageRows];
  }

  /** Asks for the rows from `from` to `to`, exclusive, that are not there. `rows`: how many there are at all. */
  want(from: number, to: number, rows: number): void {
    const first = Math.floor(Math.max(0, from) / pageRows);
    const end = from < to ? Math.ceil(Math.min(to, rows) / pageRows) : first;
    const missing: number[] = [];
    for (let page = first; page < end; page += 1) {
      const whole = Math.min(pageRows, rows - page * pageRows);
      if ((this.#used(page)?.known ?? 0) < whole && !this.#asked.has(page)) {
        missing.push(page);
      }
    }
    for (let at = 0; at < missing.length;) {
      const start = missing[at] ?? 0;
      let count = 1;
      while (count < mostPages && missing[at + count] === start + count) {
        count += 1;
      }
      for (let page = start; page < start + count; page += 1) {
        this.#asked.set(page, start * pageRows);
      }
      this.#ask(start * pageRows, count * pageRows);
      at += count;
    }
  }

  /** An answer. Rows of the end of the log come without having been asked for, and begin anywhere. */
  put(from: number, rows: readonly LogRowView[]): void {
    for (const [page, start] of this.#asked) {
      if (start === from) {
        this.#asked.delete(page);
      }
    }
    for (const [index, row] of rows.entries()) {
      const page = this.#page(Math.floor((from + index) / pageRows));
      const place = (from + index) % pageRows;
      page.known += page.rows[place] === undefined ? 1 : 0;
      page.rows[place] = row;
    }
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= maxPages) {
        break;
      }
      this.#pages.delete(page);
    }
  }

  /** There are no more than so many rows. */
  cut(rows: number): void {
    for (const page of [...this.#pages.keys()].filter((number) => (number + 1) * pageRows > rows)) {
      this.#pages.delete(page);
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#asked.clear();
  }

  #page(number: number): Page {
    const page = this.#used(number) ?? { rows: Array.from<undefined>({ length: pageRows }), known: 0 };
    this.#pages.set(number, page);
    return page;
  }

  #used(number: number): Page | undefined {
    const page = this.#pages.get(number);
    if (page !== undefined) {
      this.#pages.delete(number);
      this.#pages.set(number, page);
    }
    return page;
  }
}
