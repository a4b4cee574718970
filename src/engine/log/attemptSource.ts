import { stat } from 'node:fs/promises';

import type { AttemptKey, EpochMs } from '../../core/job.ts';
import type { StreamId } from '../../core/logChunk.ts';
import type { Clock } from '../../core/ports.ts';
import { errorCode } from '../fileError.ts';
import { orderFile, streamFile } from '../logFolder.ts';
import { decodeOrder, orderRecordBytes } from '../logOrder.ts';
import type { LogState } from '../logRecords.ts';
import type { Arrival, LogMark } from './lineReplay.ts';
import {
  blockBytes,
  blockRecords,
  portionBytes,
  type LogFilePaths,
  type LogSource,
  type SourceStatus,
} from './logSource.ts';
import { arrivalOf, RawLog } from './rawLog.ts';
import { truthOf } from './truth.ts';

export interface AttemptSourceDeps {
  readonly key: AttemptKey;
  /** Where the attempt's log lies, see `attemptLogFolder`. */
  readonly folder: string;
  readonly records: { logState(key: AttemptKey): LogState };
  readonly clock: Clock;
  /** When the attempt began to run; null before. */
  readonly startedAt: () => EpochMs | null;
}

/** How often the recorded state is asked for while no new stream or gap turns up, in ms. */
const stateEvery = 400;

/** One portion may be read ahead of another, and the end of the log beside them. */
const mostHandedOut = 4;

interface OrderFile {
  readonly ino: number;
  readonly size: number;
}

/** The spooled log of an attempt: a file for each stream and the order in which they grew. */
export class AttemptSource implements LogSource {
  readonly raw: RawLog;
  readonly #deps: AttemptSourceDeps;
  #inode: number | undefined;
  #recordCount = 0;
  /** The order of the portions that were handed out last, the newest first. Of a portion not all may be on disk yet. */
  #handedOut: readonly { readonly from: number; readonly order: Uint8Array }[] = [];
  #state: LogState;
  #startedAt: EpochMs | null;
  #stateAt: number;

  constructor(deps: AttemptSourceDeps) {
    this.#deps = deps;
    this.#state = deps.records.logState(deps.key);
    this.#startedAt = deps.startedAt();
    this.#stateAt = deps.clock.now();
    this.raw = new RawLog((stream) => this.#path(stream), orderFile(deps.folder));
  }

  get identity(): string {
    return `${this.#deps.key.runId} ${this.#deps.key.attempt}`;
  }

  get files(): LogFilePaths {
    return {
      streams: this.streams.map((stream) => streamFile(this.#deps.folder, stream)),
      order: orderFile(this.#deps.folder),
    };
  }

  get streams(): readonly StreamId[] {
    return this.#state.streams.map(({ stream }) => stream);
  }

  get bytes(): number {
    return this.#state.streams.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get status(): SourceStatus {
    const { status, gaps } = this.#state;
    const isAtRest = status === 'complete' || status === 'interrupted';
    return { truth: truthOf(status, gaps), isAtRest, gaps, startedAt: this.#startedAt, writtenAt: null };
  }

  async look(known: LogMark): Promise<'unchanged' | 'grown' | 'void'> {
    if (Math.abs(this.#deps.clock.now() - this.#stateAt) >= stateEvery) {
      this.#renew();
    }
    const found = await this.#orderFile();
    const replaced = this.#inode !== undefined && this.#inode !== found?.ino;
    const isVoid = known.records > 0 && (replaced || !(await this.#has(found, known)));
    if (replaced || isVoid) {
      await this.raw.reopen();
    }
    // What tells the old from the new is not let go of before, while somebody may be proving what they read.
    if (isVoid) {
      this.#handedOut = [];
    }
    this.#inode = found?.ino;
    this.#recordCount = Math.floor((found?.size ?? 0) / orderRecordBytes);
    return isVoid ? 'void' : this.#recordCount > known.records ? 'grown' : 'unchanged';
  }

  async holds(known: LogMark): Promise<boolean> {
    const found = await this.#orderFile();
    return found?.ino === this.#inode && (await this.#has(found, known));
  }

  async #has(order: OrderFile | undefined, known: LogMark): Promise<boolean> {
    return (order?.size ?? 0) >= known.records * orderRecordBytes && (await this.#lastHolds(known));
  }

  /** undefined while there is none. Whoever cuts a log back begins with this file, and no record is written twice alike. */
  async #orderFile(): Promise<OrderFile | undefined> {
    return await stat(orderFile(this.#deps.folder)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return undefined;
      }
      throw error;
    });
  }

  /** After a crash of whoever spools, records may have been cut off and written anew, in other portions. */
  async #lastHolds({ records }: LogMark): Promise<boolean> {
    const last = records - 1;
    const portion = this.#handedOut.find(
      ({ from, order }) => from <= last && last < from + order.byteLength / orderRecordBytes,
    );
    if (portion === undefined) {
      return true;
    }
    const at = (last - portion.from) * orderRecordBytes;
    return await this.#isOnDisk(last, portion.order.subarray(at, at + orderRecordBytes));
  }

  async #isOnDisk(position: number, order: Uint8Array): Promise<boolean> {
    const now = await this.raw.orderBytes(position, order.byteLength / orderRecordBytes);
    return Buffer.compare(now, order) === 0;
  }

  async arrivals(after: LogMark): Promise<readonly Arrival[]> {
    const count = Math.min(blockRecords, this.#recordCount - after.records);
    const arrivals: Arrival[] = [];
    let bytes = 0;
    const order = await this.raw.orderBytes(after.records, count);
    // Else they follow something that is not what was handed out before.
    if (!(await this.#lastHolds(after))) {
      return [];
    }
    for (const arrival of decodeOrder(order).map(arrivalOf)) {
      bytes += arrival.kind === 'bytes' ? arrival.bytes : 0;
      if ((bytes > portionBytes && arrivals.length > 0) || !this.#isKnown(arrival)) {
        break;
      }
      arrivals.push(arrival);
    }
    if (arrivals.length > 0) {
      const portion = { from: after.records, order: order.slice(0, arrivals.length * orderRecordBytes) };
      // Asked again and again for what is not on disk yet, the portion before must not be forgotten.
      const others = this.#handedOut.filter(({ from }) => from !== after.records);
      this.#handedOut = [portion, ...others].slice(0, mostHandedOut);
    }
    return arrivals;
  }

  async confirms(after: LogMark): Promise<boolean> {
    const portion = this.#handedOut.find(({ from }) => from === after.records);
    return portion !== undefined && (await this.#isOnDisk(portion.from, portion.order));
  }

  /** What the order refers to is recorded before, but perhaps after we last asked. */
  #isKnown(arrival: Arrival): boolean {
    const found = (): boolean =>
      arrival.kind === 'gap'
        ? this.#state.gaps[arrival.gap] !== undefined
        : this.#state.streams[arrival.stream] !== undefined;
    if (!found()) {
      this.#renew();
    }
    return found();
  }

  async nearEnd(): Promise<LogMark | null> {
    const sizes = await Promise.all(this.streams.map(async (_, stream) => await this.raw.size(stream)));
    if (sizes.reduce((sum, size) => sum + size, 0) <= 2 * blockBytes && this.#recordCount <= 2 * blockRecords) {
      return null;
    }
    const first = Math.max(0, this.#recordCount - blockRecords / 4);
    let from = this.#recordCount;
    let bytes = 0;
    for (const record of (await this.raw.records(first, this.#recordCount - first)).toReversed()) {
      if (bytes >= blockBytes / 2) {
        break;
      }
      from -= 1;
      if (record.kind === 'arrival') {
        bytes += record.bytes;
        sizes[record.stream] = Math.max(0, (sizes[record.stream] ?? 0) - record.bytes);
      }
    }
    return {
      line: 0,
      records: from,
      streams: sizes.map((position) => ({ start: position, taken: position, time: null })),
    };
  }

  async close(): Promise<void> {
    await this.raw.close();
  }

  #path(position: number): string {
    const known = this.#state.streams[position] ?? this.#renew().streams[position];
    if (known === undefined) {
      throw new RangeError(`This log has no stream ${position}.`);
    }
    return streamFile(this.#deps.folder, known.stream);
  }

  #renew(): LogState {
    this.#state = this.#deps.records.logState(this.#deps.key);
    this.#startedAt = this.#deps.startedAt();
    this.#stateAt = this.#deps.clock.now();
    return this.#state;
  }
}
