import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { LogCursor } from '../../../core/logChunk.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { LogEntry } from './logEntry.ts';

type EntryKey = Pick<LogEntry, 'nanos' | 'insertId'>;

/** An entry that comes later than that after others which were received at the same time is taken for one that was read, in s. */
const rememberedSeconds = 150;
/** The most entries that are remembered one by one: here, and in a cursor. */
const remembered = { here: 20_000, inCursor: 300 };
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
});

/**
 * How far a job's log was read. Entries come in about the order of their times, but some come late: so those that were received
 * lately are remembered one by one, and a late one is told from one that was read. Rests on the service's clock alone.
 */
export class ReadPosition {
  #last: EntryKey | null = null;
  #floor = Number.NEGATIVE_INFINITY;
  readonly #seconds = new Map<number, Set<string>>();
  #count = 0;
  #newest = Number.NEGATIVE_INFINITY;

  /** Throws `invalid` for a cursor that is none. */
  static at(cursor: LogCursor | null): ReadPosition {
    const position = new ReadPosition();
    if (cursor !== null) {
      const { t, i, f, r } = parseCursor(cursor);
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
    if (entry.receivedSecond < this.#floor) {
      return;
    }
    const hashes = this.#seconds.get(entry.receivedSecond) ?? new Set();
    this.#seconds.set(entry.receivedSecond, hashes.add(hashOf(entry)));
    this.#count += 1;
    this.#newest = Math.max(this.#newest, entry.receivedSecond);
    this.#forget();
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
    const fields: z.infer<typeof cursorSchema> = { t: String(nanos), i: insertId, f: floor, r: recent };
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
