import type { EpochMs } from '../../../core/job.ts';
import { type LogCursor, type LogGap, type LogItem, sameStream, streamText } from '../../../core/logChunk.ts';
import { areKeptLonger, type ExpiredLines, expiredLines, expiredReason } from './expiredLines.ts';
import { type LogEntry, parseLogEntry } from './logEntry.ts';
import { minuteOf } from './openMinutes.ts';
import { ReadPosition, compareEntries } from './readPosition.ts';

export interface FollowedJob {
  /** The job's number, which its entries carry. */
  readonly id: string;
  /** It has no entry that is older. */
  readonly since: EpochMs;
  /** What time it is. */
  readonly now: EpochMs;
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
  readonly #waiting = new Map<string, LogEntry>();
  #ripe: LogEntry | null = null;
  readonly #items: LogItem[] = [];
  /** When the newest line of each stream was printed that was handed out. */
  readonly #newest = new Map<string, bigint>();
  readonly #resumedAt: bigint;
  readonly #begunAt: EpochMs;
  /** What may be gone, as long as no line was found. */
  #expired: ExpiredLines | null;
  #queuedBytes = 0;
  #outcome: { readonly error: unknown } | 'ended' | null = null;
  #change = Promise.withResolvers<void>();

  constructor({ id, since, now }: FollowedJob, cursor: LogCursor | null) {
    this.id = id;
    this.since = since;
    this.position = ReadPosition.at(cursor);
    this.#resumedAt = this.position.last?.nanos ?? 0n;
    this.#begunAt = now;
    this.#expired = expiredLines(Math.max(since, msOf(this.#resumedAt), this.position.toldExpiredAt), now);
  }

  /** False while whoever reads is far behind. */
  get hasRoom(): boolean {
    return this.#queuedBytes <= limit.queued;
  }

  /** Entries of this job that were never taken. */
  countNew(entries: readonly LogEntry[]): number {
    return entries.filter((entry) => this.#isNew(entry)).length;
  }

  /** Takes entries of this job that are new; returns the last of them, and how many there were. */
  take(entries: readonly LogEntry[]): { readonly last: LogEntry | null; readonly count: number } {
    let last: LogEntry | null = null;
    let count = 0;
    for (const entry of entries) {
      if (this.#isNew(entry)) {
        this.#waiting.set(keyOf(entry), entry);
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

  gap(reason: string): void {
    this.#gap({ reason });
  }

  /** The service handed out only a part of what was printed. */
  sampledGap(reason: string): void {
    this.#gap({ reason, cause: 'sampled' });
  }

  #gap(why: Pick<LogGap, 'reason' | 'cause'> & Partial<Pick<LogGap, 'from' | 'to'>>): void {
    const { cursor } = this.position;
    this.#items.push({ kind: 'gap', stream: null, from: null, to: null, ...why, cursor });
    this.#signal();
  }

  /** All that was there when reading began was found. */
  caughtUp(): void {
    this.#tellExpired(null);
  }

  /** Says once that lines may be gone, unless the first that is found, printed then, shows that they are not. */
  #tellExpired(firstAt: EpochMs | null): void {
    const expired = this.#expired;
    this.#expired = null;
    if (expired !== null && (firstAt === null || !areKeptLonger(expired, firstAt))) {
      this.position.toldExpiredAt = this.#begunAt;
      this.#gap({ ...expired, reason: expiredReason, cause: 'expired' });
    }
  }

  /** All before that minute was listed again. What is listed and was not handed out, but cannot be told from the rest, is a gap. */
  compare(before: number, listed: ReadonlyMap<number, number>): number {
    const missing = this.position.minutes.close(before, listed);
    if (missing > 0) {
      this.gap(
        missing === 1
          ? 'Cloud Logging showed 1 line before this so late that it cannot be told from the others'
          : `Cloud Logging showed ${missing} lines before this so late that they cannot be told from the others`,
      );
    }
    return missing;
  }

  /** Everything was found and listed: it leaves, and the log ends. */
  end(listed: ReadonlyMap<number, number>): void {
    this.#ripe = [...this.#waiting.values()].toSorted(compareEntries).at(-1) ?? this.#ripe;
    this.#handOut();
    this.caughtUp();
    this.compare(minuteOf(this.position.newestSecond ?? 0) + 1, listed);
    if (this.position.minutes.isBehind) {
      this.gap('The job printed more than can be looked at again: lines that Cloud Logging showed late may be missing');
    }
    this.#outcome ??= 'ended';
    this.#signal();
  }

  fail(error: unknown): void {
    this.#outcome ??= { error };
    this.#signal();
  }

  /** Resolves when whoever reads has room for more. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom && !signal.aborted) {
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

  #isNew(entry: LogEntry): boolean {
    return !this.#waiting.has(keyOf(entry)) && this.position.isNew(entry);
  }

  #handOut(): void {
    const ripe = this.#ripe;
    if (ripe === null) {
      return;
    }
    const leaving = [...this.#waiting].filter(([, entry]) => compareEntries(entry, ripe) <= 0);
    leaving.forEach(([key]) => this.#waiting.delete(key));
    const entries = leaving.map(([, entry]) => entry).toSorted(compareEntries);
    const [oldest] = entries;
    if (oldest !== undefined) {
      this.#tellExpired(msOf(oldest.nanos));
    }
    const late = Map.groupBy(
      entries.filter((entry) => this.#isLate(entry)),
      ({ stream }) => streamText(stream),
    );
    for (const group of groups(entries)) {
      const [first] = group;
      if (first !== undefined) {
        const stream = streamText(first.stream);
        this.#markLate(late.get(stream) ?? []);
        late.delete(stream);
        group.forEach((entry) => this.position.add(entry));
        const bytes = Buffer.concat(group.map((entry) => entry.bytes));
        const time = msOf(first.nanos);
        const printed = [...group.map(({ nanos }) => nanos), this.#newestOf(stream)];
        this.#newest.set(
          stream,
          printed.reduce((a, b) => (a > b ? a : b)),
        );
        this.#queuedBytes += bytes.length;
        this.#items.push({ kind: 'bytes', stream: first.stream, bytes, time, cursor: this.position.cursor });
      }
    }
    this.#signal();
  }

  /** Of the lines of a stream that were handed out; where reading went on, of those of all streams. */
  #newestOf(stream: string): bigint {
    return this.#newest.get(stream) ?? this.#resumedAt;
  }

  /** Lines of its stream that were printed after it were handed out. */
  #isLate({ stream, nanos }: LogEntry): boolean {
    return nanos < this.#newestOf(streamText(stream));
  }

  /** What was handed out stays where it is, so late lines come below it, with a mark. */
  #markLate([first, ...others]: readonly LogEntry[]): void {
    if (first === undefined) {
      return;
    }
    const [from, to] = [msOf(first.nanos), msOf((others.at(-1) ?? first).nanos)];
    const clock = (time: EpochMs): string => new Date(time).toISOString().slice(11, 23);
    const reason =
      others.length === 0
        ? `Cloud Logging showed this line late: it was printed at ${clock(from)} UTC, before what is above`
        : `Cloud Logging showed these ${others.length + 1} lines late: they were printed from ${clock(from)} to ${clock(to)} UTC, before what is above`;
    this.#items.push({
      kind: 'gap',
      stream: first.stream,
      from,
      to,
      reason,
      cause: 'late',
      cursor: this.position.cursor,
    });
  }

  #signal(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

function msOf(nanos: bigint): EpochMs {
  return Number(nanos / 1_000_000n);
}

function keyOf({ nanos, insertId }: LogEntry): string {
  return `${nanos} ${insertId}`;
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

/** Entries by job; what is of no job is left out. */
export function entriesByJob(raw: readonly unknown[]): ReadonlyMap<string, readonly LogEntry[]> {
  return Map.groupBy(
    raw.flatMap((each) => parseLogEntry(each) ?? []),
    ({ jobId }) => jobId,
  );
}
