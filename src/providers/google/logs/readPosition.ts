import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import type { LogCursor } from '../../../core/logChunk.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { LogEntry } from './logEntry.ts';
import { minuteOf, OpenMinutes } from './openMinutes.ts';

type EntryKey = Pick<LogEntry, 'nanos' | 'insertId'>;

/** So long, in s, entries are remembered one by one: until all that was received with them was looked at again. */
const rememberedSeconds = 1260;
/** The most entries that are remembered one by one: here, and in a cursor. Others are only counted. */
const remembered = { here: 100_000, inCursor: 300 };
/** Characters of a hash: 48 bits. */
const hashLength = 8;

const cursorSchema = z.object({
  /** Time and insert id of the last entry, in the order of both. */
  t: z.string().check(z.regex(/^\d+$/u)),
  i: z.string(),
  /** What was received before this second was read as far as the last entry; later, only what is in `r`. */
  f: z.number(),
  /** Seconds, and the hashes of what was received in them and was read. */
  r: z.array(z.tuple([z.number(), z.string()])),
  /** The open minutes with their counts, and before which minute others are closed. Cursors of old have neither. */
  n: z.optional(z.array(z.tuple([z.number(), z.number()]))),
  c: z.optional(z.number()),
  /** When it was last told that lines were gone, in ms. */
  x: z.optional(z.number()),
});

/**
 * How far a job's log was read. Entries come in about the order of their times, but some come late: so those that were received
 * lately are remembered one by one, and a late one is told from one that was read. Rests on the service's clock alone.
 */
export class ReadPosition {
  readonly minutes: OpenMinutes;
  /** When it was last told that Cloud Logging does not keep some lines any more; 0: never. */
  toldExpiredAt: EpochMs = 0;
  #last: EntryKey | null = null;
  #floor = Number.NEGATIVE_INFINITY;
  readonly #seconds = new Map<number, Set<string>>();
  #count = 0;
  #newest = Number.NEGATIVE_INFINITY;

  private constructor(minutes: OpenMinutes) {
    this.minutes = minutes;
  }

  /** Throws `invalid` for a cursor that is none. */
  static at(cursor: LogCursor | null): ReadPosition {
    const fields = cursor === null ? null : parseCursor(cursor);
    const position = new ReadPosition(new OpenMinutes(fields?.n, fields?.c));
    if (fields !== null) {
      const { t, i, f, r, x } = fields;
      position.toldExpiredAt = x ?? 0;
      position.#last = { nanos: BigInt(t), insertId: i };
      position.#floor = f;
      for (const [second, hashes] of r) {
        const chunks = hashes.match(new RegExp(`.{${hashLength}}`, 'gu')) ?? [];
        position.#seconds.set(second, new Set(chunks));
        position.#count += chunks.length;
        position.#newest = Math.max(position.#newest, second);
      }
    }
    return position;
  }

  /** The last entry that was read; null at the beginning. */
  get last(): EntryKey | null {
    return this.#last;
  }

  /** The second in which the newest entry that was read was received; null at the beginning. */
  get newestSecond(): number | null {
    return Number.isFinite(this.#newest) ? this.#newest : null;
  }

  /**
   * The second from which on received entries are asked for again, so that late ones are found: that many seconds back, but no more
   * than `most` entries that were read. null: nothing was read.
   */
  since(seconds: number, most: number): number | null {
    let count = 0;
    let since = this.#newest;
    for (const second of [...this.#seconds.keys()].toSorted((a, b) => b - a)) {
      count += this.#seconds.get(second)?.size ?? 0;
      if (count > most || second < this.#newest - seconds) {
        break;
      }
      since = second;
    }
    return Number.isFinite(since) ? since : null;
  }

  /** False also for one that cannot be told from those that were read. */
  isNew(entry: LogEntry): boolean {
    return entry.receivedSecond < this.#floor
      ? this.#last === null || compareEntries(entry, this.#last) > 0
      : this.#seconds.get(entry.receivedSecond)?.has(hashOf(entry)) !== true;
  }

  /** The entry was handed out. */
  add(entry: LogEntry): void {
    if (this.#last === null || compareEntries(entry, this.#last) > 0) {
      this.#last = { nanos: entry.nanos, insertId: entry.insertId };
    }
    this.minutes.add(minuteOf(entry.receivedSecond));
    if (entry.receivedSecond < this.#floor) {
      return;
    }
    const hashes = this.#seconds.get(entry.receivedSecond) ?? new Set();
    this.#seconds.set(entry.receivedSecond, hashes.add(hashOf(entry)));
    this.#count += 1;
    if (entry.receivedSecond > this.#newest || this.#count > remembered.here) {
      this.#newest = Math.max(this.#newest, entry.receivedSecond);
      this.#forget();
    }
  }

  get cursor(): LogCursor {
    const recent: [number, string][] = [];
    let count = 0;
    let floor = Math.max(this.#floor, 0);
    for (const [second, hashes] of [...this.#seconds].toSorted(([a], [b]) => b - a)) {
      count += hashes.size;
      if (count > remembered.inCursor) {
        floor = second + 1;
        break;
      }
      recent.push([second, [...hashes].join('')]);
    }
    const { nanos, insertId } = this.#last ?? { nanos: 0n, insertId: '' };
    const { counts, closedBefore } = this.minutes;
    const fields: z.infer<typeof cursorSchema> = {
      t: String(nanos),
      i: insertId,
      f: floor,
      r: recent,
      n: [...counts],
      c: closedBefore,
      ...(this.toldExpiredAt === 0 ? {} : { x: this.toldExpiredAt }),
    };
    return JSON.stringify(fields) as LogCursor;
  }

  #forget(): void {
    this.#floor = Math.max(this.#floor, this.#newest - rememberedSeconds);
    if (this.#count > remembered.here) {
      this.#floor = Math.max(this.#floor, Math.min(...this.#seconds.keys()) + 1);
    }
    for (const [second, hashes] of this.#seconds) {
      if (second < this.#floor) {
        this.#seconds.delete(second);
        this.#count -= hashes.size;
      }
    }
  }
}

/** By time, then by insert id: the order in which Cloud Logging lists them. */
export function compareEntries(a: EntryKey, b: EntryKey): number {
  if (a.nanos !== b.nanos) {
    return a.nanos < b.nanos ? -1 : 1;
  }
  return a.insertId < b.insertId ? -1 : Number(a.insertId > b.insertId);
}

function hashOf({ nanos, insertId }: LogEntry): string {
  return createHash('sha256').update(`${nanos} ${insertId}`).digest('base64url').slice(0, hashLength);
}

function parseCursor(cursor: LogCursor): z.infer<typeof cursorSchema> {
  try {
    return z.parse(cursorSchema, JSON.parse(cursor));
  } catch (error) {
    throw new ProviderError('invalid', 'The place in the log where reading is to go on is not one of Google Cloud.', {
      raw: cursor.slice(0, 200),
      cause: error,
    });
  }
}
