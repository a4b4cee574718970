import type { EpochMs } from '../../../core/job.ts';
import { type LogCursor, type LogItem, type StreamId, streamText } from '../../../core/logChunk.ts';
import { type LogEntry, parseLogEntry } from './logEntry.ts';
import { ReadPosition, compareEntries } from './readPosition.ts';

export interface FollowedJob {
  /** The job's number, which its entries carry. */
  readonly id: string;
  /** It has no entry that is older. */
  readonly since: EpochMs;
}

/** The most bytes that wait for whoever reads, and of one item. */
const limit = { queued: 4_000_000, item: 262_144 };

/**
 * The log of one job for one reader. Entries come in at one end as they are found, in whatever order and how often; they leave at the
 * other once each, in order of time as far as that is known by then.
 */
export class JobLog {
  readonly id: string;
  readonly since: EpochMs;
  readonly position: ReadPosition;
  /** While true nothing leaves: something that belongs before it is on its way. */
  isHeld = false;
  readonly #waiting = new Map<string, LogEntry>();
  #ripe: LogEntry | null = null;
  readonly #items: LogItem[] = [];
  #queuedBytes = 0;
  #outcome: { readonly error: unknown } | 'ended' | null = null;
  #change = Promise.withResolvers<void>();

  constructor({ id, since }: FollowedJob, cursor: LogCursor | null) {
    this.id = id;
    this.since = since;
    this.position = ReadPosition.at(cursor);
  }

  /** Takes entries of this job that are new; returns the last of them, and how many there were. */
  take(entries: readonly LogEntry[]): { readonly last: LogEntry | null; readonly count: number } {
    let last: LogEntry | null = null;
    let count = 0;
    for (const entry of entries) {
      const key = `${entry.nanos} ${entry.insertId}`;
      if (!this.#waiting.has(key) && this.position.isNew(entry)) {
        this.#waiting.set(key, entry);
        count += 1;
        last = last === null || compareEntries(entry, last) > 0 ? entry : last;
      }
    }
    return { last, count };
  }

  /** Nothing that belongs before `upTo` is expected any more: it leaves, with what is before it. */
  ripen(upTo: LogEntry): void {
    if (this.#ripe === null || compareEntries(upTo, this.#ripe) > 0) {
      this.#ripe = upTo;
    }
    this.#handOut();
  }

  /** Lets go what was held. */
  release(): void {
    this.isHeld = false;
    this.#handOut();
  }

  gap(reason: string): void {
    const { cursor } = this.position;
    this.#items.push({ kind: 'gap', stream: null, from: null, to: null, reason, cursor });
    this.#signal();
  }

  /** Everything was found: it leaves, and the log ends. */
  end(): void {
    this.isHeld = false;
    this.#ripe = [...this.#waiting.values()].toSorted(compareEntries).at(-1) ?? this.#ripe;
    this.#handOut();
    this.#outcome ??= 'ended';
    this.#signal();
  }

  fail(error: unknown): void {
    this.#outcome ??= { error };
    this.#signal();
  }

  /** Resolves when whoever reads has room for more. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#queuedBytes > limit.queued && !signal.aborted) {
      await this.#change.promise;
    }
  }

  async *items(signal: AbortSignal): AsyncGenerator<LogItem, void> {
    const wake = (): void => this.#signal();
    signal.addEventListener('abort', wake);
    try {
      for (;;) {
        signal.throwIfAborted();
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#queuedBytes -= item.kind === 'bytes' ? item.bytes.length : 0;
          this.#signal();
          yield item;
        } else if (this.#outcome === 'ended') {
          return;
        } else if (this.#outcome !== null) {
          throw this.#outcome.error;
        } else {
          await this.#change.promise;
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #handOut(): void {
    const ripe = this.#ripe;
    if (this.isHeld || ripe === null) {
      return;
    }
    const leaving = [...this.#waiting].filter(([, entry]) => compareEntries(entry, ripe) <= 0);
    leaving.forEach(([key]) => this.#waiting.delete(key));
    const entries = leaving.map(([, entry]) => entry).toSorted(compareEntries);
    for (const group of groups(entries)) {
      group.forEach((entry) => this.position.add(entry));
      const [first] = group;
      if (first !== undefined) {
        const bytes = Buffer.concat(group.map((entry) => entry.bytes));
        const time = Number(first.nanos / 1_000_000n);
        this.#queuedBytes += bytes.length;
        this.#items.push({ kind: 'bytes', stream: first.stream, bytes, time, cursor: this.position.cursor });
      }
    }
    this.#signal();
  }

  #signal(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** What becomes one item: neighbours of one stream that were printed within the same second. */
function* groups(entries: readonly LogEntry[]): Generator<readonly LogEntry[], void> {
  let group: LogEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const first = group[0];
    if (first !== undefined && !(belongs(first, entry) && bytes + entry.bytes.length <= limit.item)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += entry.bytes.length;
  }
  if (group.length > 0) {
    yield group;
  }
}

function belongs(a: LogEntry, b: LogEntry): boolean {
  return sameStream(a.stream, b.stream) && a.nanos / 1_000_000_000n === b.nanos / 1_000_000_000n;
}

function sameStream(a: StreamId, b: StreamId): boolean {
  return streamText(a) === streamText(b);
}

/** Entries by job; what is of no job is left out. */
export function entriesByJob(raw: readonly unknown[]): ReadonlyMap<string, readonly LogEntry[]> {
  return Map.groupBy(
    raw.flatMap((each) => parseLogEntry(each) ?? []),
    ({ jobId }) => jobId,
  );
}
