import type { Follower } from './follower.ts';
import { compareEntries } from './readPosition.ts';
import type { LogEntry } from './logEntry.ts';
import { minuteOf } from './openMinutes.ts';

/**
 * What a query is for: all that a new reader has missed; what is new; what came late of minutes that are over (`again`), also to be
 * compared with what was handed out (`compare`); and everything of jobs that have ended, after which there is nothing more.
 */
export type LookKind = 'catchUp' | 'new' | 'again' | 'compare' | 'last';

/** One query, page by page. */
export interface Look {
  readonly kind: LookKind;
  readonly followers: readonly Follower[];
  readonly filter: string;
  /** Of `again` and `compare`: the minute before which it ends. */
  readonly before: number;
  /** Of `compare` and `last`. */
  readonly listed: ReadonlyMap<Follower, ListedCounts>;
  /** How many lines tail sessions had left out by the look before it. */
  readonly leftOut: number;
  /** Lines that were new, and pages. */
  found: number;
  pages: number;
  pageToken: string;
}

/** How many entries of a job a query lists, by the minute in which they were received. */
export class ListedCounts {
  readonly byMinute = new Map<number, number>();
  #last: LogEntry | null = null;

  /** Entries in the order in which they are listed: one that stands there twice is counted once. */
  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (this.#last === null || compareEntries(entry, this.#last) !== 0) {
        const minute = minuteOf(entry.receivedSecond);
        this.byMinute.set(minute, (this.byMinute.get(minute) ?? 0) + 1);
      }
      this.#last = entry;
    }
  }
}
