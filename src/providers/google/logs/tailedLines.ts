import type { JobLog } from './jobLog.ts';
import type { LogEntry } from './logEntry.ts';

/** The most bytes that are kept until what belongs before them was listed. */
const mostKept = 1_000_000;

/**
 * What a tail session brings of one job. As soon as it leaves something out, or more comes than is read, its lines are ignored: lists
 * bring them all, and in their places. When a list begins that will have brought what was ignored, lines are kept until it has.
 */
export class TailedLines {
  readonly #log: JobLog;
  #use: 'taken' | 'kept' | 'ignored' = 'taken';
  #kept: LogEntry[] = [];
  #keptBytes = 0;

  constructor(log: JobLog) {
    this.#log = log;
  }

  get areIgnored(): boolean {
    return this.#use === 'ignored';
  }

  /** Returns the last one that may leave at once, and how many new ones a list has to bring. */
  take(entries: readonly LogEntry[]): { readonly last: LogEntry | null; readonly ignored: number } {
    if (this.#use === 'taken' && this.#log.hasRoom) {
      return { last: this.#log.take(entries).last, ignored: 0 };
    }
    if (this.#use === 'kept') {
      this.#kept.push(...entries);
      this.#keptBytes += entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return { last: null, ignored: this.#keptBytes > mostKept ? this.ignore() : 0 };
    }
    this.#use = 'ignored';
    return { last: null, ignored: this.#log.countNew(entries) };
  }

  /** Returns how many new ones that were kept a list has to bring now. */
  ignore(): number {
    const ignored = this.#log.countNew(this.#kept);
    this.#use = 'ignored';
    this.#kept = [];
    this.#keptBytes = 0;
    return ignored;
  }

  /** A list begins that will bring what was ignored. */
  keep(): void {
    if (this.#use === 'ignored') {
      this.#use = 'kept';
    }
  }

  /** It has brought it. Returns the last line that may leave. */
  release(): LogEntry | null {
    if (this.#use !== 'kept') {
      return null;
    }
    const { last } = this.#log.take(this.#kept);
    this.#use = 'taken';
    this.#kept = [];
    this.#keptBytes = 0;
    return last;
  }
}
