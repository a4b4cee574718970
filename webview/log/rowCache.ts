import type { LogRowView } from '../../src/protocol/logView.ts';

/** Few: what is in sight after a jump is there the sooner the less comes along with it. */
const pageRows = 32;
/** That are asked for at once, at most: a message costs more than some rows in it. */
const mostPages = 16;
const maxPages = 1_024;
/** Messages with rows that are not in sight yet, on their way at once: more would hold up those that are. */
const mostAhead = 4;
/** What is not answered for so long, in ms, is asked for again. */
const patience = 5_000;
/** What the newest answer counts for when it is told how long one takes. */
const newestShare = 0.2;

interface Page {
  readonly rows: (LogRowView | undefined)[];
  known: number;
}

/** Rows from `from` to `to`, exclusive, that may be in sight next. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The last of them come in sight first. */
  readonly isUpwards: boolean;
}

/** Pages that were asked for together. */
interface Request {
  readonly first: number;
  readonly isAhead: boolean;
  readonly askedAt: number;
}

/** The rows of a view that came, in pages; asks for what is missing. */
export class RowCache {
  readonly #ask: (from: number, count: number) => void;
  /** The least recently used first. */
  readonly #pages = new Map<number, Page>();
  /** Of before, for as long as those that are asked for anew are on their way. */
  readonly #old = new Map<number, Page>();
  /** By page, what was asked for and not answered. */
  readonly #asked = new Map<number, Request>();
  #expected: readonly Stretch[] = [];
  #rows = 0;
  #delay = 0;

  constructor(ask: (from: number, count: number) => void) {
    this.#ask = ask;
  }

  /** How long an answer takes of late, in ms. */
  get delay(): number {
    return this.#delay;
  }

  get(row: number): LogRowView | undefined {
    const page = Math.floor(row / pageRows);
    const place = row % pageRows;
    return this.#pages.get(page)?.rows[place] ?? this.#old.get(page)?.rows[place];
  }

  /** Asks for the rows from `from` to `to`, exclusive, that are not there. `rows`: how many there are at all. */
  want(from: number, to: number, rows: number): void {
    this.#rows = rows;
    const pages = this.#pagesOf({ from, to, isUpwards: false });
    for (let run = this.#missing(pages); run.length > 0; run = this.#missing(pages)) {
      this.#request(run, false);
    }
  }

  /** Asks for rows that may be wanted next, by and by: those of the first stretch first. What was expected before is not any more. */
  expect(stretches: readonly Stretch[], rows: number): void {
    this.#rows = rows;
    this.#expected = stretches;
    this.#askAhead();
  }

  /** An answer. Rows of the end of the log come without having been asked for, and begin anywhere. */
  put(from: number, rows: readonly LogRowView[]): void {
    this.#answered(from);
    for (const [index, row] of rows.entries()) {
      const number = Math.floor((from + index) / pageRows);
      const page = this.#page(number);
      const place = (from + index) % pageRows;
      page.known += page.rows[place] === undefined ? 1 : 0;
      page.rows[place] = row;
      if (page.known === pageRows) {
        this.#old.delete(number);
      }
    }
    keepNewest(this.#pages);
    keepNewest(this.#old);
    this.#askAhead();
  }

  /** There are no more than so many rows. */
  cut(rows: number): void {
    for (const pages of [this.#pages, this.#old]) {
      for (const page of [...pages.keys()].filter((number) => (number + 1) * pageRows > rows)) {
        pages.delete(page);
      }
    }
    this.#rows = Math.min(this.#rows, rows);
  }

  clear(): void {
    this.renew();
    this.#old.clear();
  }

  /** More is known of the same rows: they are asked for anew, and are there as they were until they come. */
  renew(): void {
    for (const [number, page] of this.#pages) {
      this.#old.set(number, page);
    }
    this.#pages.clear();
    this.#asked.clear();
    this.#expected = [];
  }

  #answered(from: number): void {
    for (const [page, request] of this.#asked) {
      if (request.first * pageRows === from) {
        this.#asked.delete(page);
        this.#delay += page === request.first ? newestShare * (performance.now() - request.askedAt - this.#delay) : 0;
      }
    }
  }

  #askAhead(): void {
    const late = performance.now() - patience;
    const ahead = new Set([...this.#asked.values()].filter(({ isAhead, askedAt }) => isAhead && askedAt > late));
    for (let free = mostAhead - ahead.size; free > 0; free -= 1) {
      const run = this.#nextExpected();
      if (run.length === 0) {
        break;
      }
      this.#request(run, true);
    }
  }

  #nextExpected(): readonly number[] {
    for (const stretch of this.#expected) {
      const run = this.#missing(this.#pagesOf(stretch));
      if (run.length > 0) {
        return run;
      }
    }
    return [];
  }

  /** Those that are in sight first come first. */
  #pagesOf({ from, to, isUpwards }: Stretch): readonly number[] {
    const first = Math.floor(Math.max(0, from) / pageRows);
    const end = from < to ? Math.ceil(Math.min(to, this.#rows) / pageRows) : first;
    const pages = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    return isUpwards ? pages.toReversed() : pages;
  }

  /** The first of some neighbouring pages that are missing, as many as may be asked for at once. */
  #missing(pages: readonly number[]): readonly number[] {
    const start = pages.findIndex((page) => this.#isMissing(page));
    const run = start === -1 ? [] : pages.slice(start, start + mostPages);
    const end = run.findIndex((page) => !this.#isMissing(page));
    return end === -1 ? run : run.slice(0, end);
  }

  #isMissing(page: number): boolean {
    const whole = Math.min(pageRows, this.#rows - page * pageRows);
    const asked = this.#asked.get(page);
    return (
      (this.#used(page)?.known ?? 0) < whole && (asked === undefined || asked.askedAt < performance.now() - patience)
    );
  }

  #request(pages: readonly number[], isAhead: boolean): void {
    const first = Math.min(...pages);
    const request = { first, isAhead, askedAt: performance.now() };
    for (const page of pages) {
      this.#asked.set(page, request);
    }
    this.#ask(first * pageRows, pages.length * pageRows);
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

function keepNewest(pages: Map<number, Page>): void {
  for (const page of pages.keys()) {
    if (pages.size <= maxPages) {
      break;
    }
    pages.delete(page);
  }
}
