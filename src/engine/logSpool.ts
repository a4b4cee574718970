import type { GapCause, LogBytes, LogCursor, LogGap, LogItem, StreamId } from '../core/logChunk.ts';
import { LogFiles } from './logFiles.ts';
import { orderFile, streamFile } from './logFolder.ts';
import { encodeOrder, type OrderRecord, orderRecordBytes } from './logOrder.ts';
import type { LogPosition, LogState, LogStatus, RecordedGap } from './logRecords.ts';
import { clearFile, explainWrite, recoverLog, type SpoolDeps, Superseded } from './logRecovery.ts';

interface Stream {
  readonly id: StreamId;
  readonly path: string;
  bytes: number;
}

/** Lengths and cursor are recorded at most this often, in ms; what dies in between is fetched again from the cursor. */
const recordEvery = 100;
/** No order record stands for more, so that a reader's memory is bounded whatever the size of the chunks. In bytes. */
const maxArrival = 65_536;

/**
 * Writes an attempt's output to disk as it comes. Bytes go to their file at the recorded length first; then lengths and cursor
 * are recorded together. Whatever dies in between, the next open cuts the files back to what was recorded, and the provider
 * goes on from the cursor that belongs to it: nothing lost, nothing doubled.
 *
 * Once a call has failed the spool is of no further use: close it and open another.
 */
export class LogSpool {
  readonly #deps: SpoolDeps;
  readonly #files = new LogFiles();
  readonly #opening: number;
  readonly #streams: Stream[];
  readonly #positions = new Map<string, number>();
  readonly #gaps: RecordedGap[];
  #orderBytes: number;
  #cursor: LogCursor | null;
  #status: LogStatus;
  #recorded: LogPosition;
  #recordedAt = 0;
  #failure: Error | undefined;
  #busy = 0;
  #later: NodeJS.Timeout | undefined;

  private constructor(deps: SpoolDeps, state: LogState, opening: number) {
    this.#deps = deps;
    this.#opening = opening;
    this.#streams = state.streams.map(({ stream, bytes }) => ({
      id: stream,
      path: streamFile(deps.folder, stream),
      bytes,
    }));
    for (const [position, { id }] of this.#streams.entries()) {
      this.#positions.set(identity(id), position);
    }
    this.#gaps = [...state.gaps];
    this.#orderBytes = state.orderBytes;
    this.#cursor = state.cursor;
    this.#status = state.status;
    this.#recorded = state;
  }

  /** Brings the files to what is recorded, see `recoverLog`. Rejects when the folder cannot be written. */
  static async open(deps: SpoolDeps): Promise<LogSpool> {
    const { state, opening } = await recoverLog(deps);
    return new LogSpool(deps, state, opening);
  }

  /** Where the provider goes on. */
  get cursor(): LogCursor | null {
    return this.#cursor;
  }

  /** Nothing has arrived so far. */
  get isEmpty(): boolean {
    return this.#orderBytes === 0;
  }

  /** Why this spool can be used no more: the disk or the store would not take what was written. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when the bytes are in their file. Rejects when the disk is full; the item is then not recorded and comes again. */
  async append(item: LogItem): Promise<void> {
    await this.#work(async () => {
      if (item.kind === 'gap') {
        await this.#appendGap(item);
        this.#cursor = item.cursor;
        this.#record('following');
        return;
      }
      await this.#appendBytes(item);
      this.#cursor = item.cursor;
      const now = this.#deps.clock.now();
      if (this.#status !== 'following' || Math.abs(now - this.#recordedAt) >= recordEvery) {
        this.#record('following');
      }
    });
  }

  /** Marks that something is missing which the provider did not speak of itself. */
  async noteGap(reason: string, cause?: GapCause): Promise<void> {
    await this.#work(async () => {
      const gap = { stream: null, from: null, to: null, reason };
      await this.#appendGap(cause === undefined ? gap : { ...gap, cause });
      this.#record(this.#status);
    });
  }

  /** Records what is on disk, and how the log stands. Once it is complete it is never asked for again, so it is made durable. */
  async settle(status: LogStatus): Promise<void> {
    await this.#work(async () => {
      if (status === 'complete' && this.#orderBytes > 0) {
        await this.#files.sync([orderFile(this.#deps.folder), ...this.#streams.map(({ path }) => path)]);
      }
      this.#record(status);
    });
  }

  /** What was not settled is not recorded. */
  async close(): Promise<void> {
    clearTimeout(this.#later);
    await this.#files.close();
  }

  async #appendBytes({ stream, bytes, time }: LogBytes): Promise<void> {
    if (bytes.byteLength === 0) {
      return;
    }
    const [position, target] = await this.#stream(stream);
    const arrived = time ?? this.#deps.clock.now();
    const records: OrderRecord[] = [];
    for (let done = 0; done < bytes.byteLength; done += maxArrival) {
      const size = Math.min(maxArrival, bytes.byteLength - done);
      records.push({ kind: 'arrival', stream: position, bytes: size, time: arrived, opening: this.#opening });
    }
    // Both at once, for each costs a turn of the thread pool. A reader that sees the order first waits for the bytes.
    const results = await Promise.allSettled([
      this.#files.write(target.path, target.bytes, bytes),
      this.#files.write(orderFile(this.#deps.folder), this.#orderBytes, encodeOrder(records)),
    ]);
    for (const result of results) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
    target.bytes += bytes.byteLength;
    this.#orderBytes += records.length * orderRecordBytes;
  }

  async #appendGap(item: Omit<LogGap, 'kind' | 'cursor'>): Promise<void> {
    const { stream, from, to, reason, cause } = item;
    const time = from ?? this.#deps.clock.now();
    const orderBytes = this.#orderBytes;
    const record = encodeOrder([{ kind: 'gap', gap: this.#gaps.length, time, opening: this.#opening }]);
    await this.#files.write(orderFile(this.#deps.folder), orderBytes, record);
    this.#orderBytes += orderRecordBytes;
    this.#gaps.push({ stream, orderBytes, from, to, reason, ...(cause === undefined ? {} : { cause }) });
  }

  /** A stream has a position from its first byte on, recorded before the order refers to it. */
  async #stream(id: StreamId): Promise<readonly [number, Stream]> {
    const position = this.#positions.get(identity(id)) ?? this.#streams.length;
    const known = this.#streams[position];
    if (known !== undefined) {
      return [position, known];
    }
    const added: Stream = { id, path: streamFile(this.#deps.folder, id), bytes: 0 };
    await clearFile(added.path);
    this.#streams.push(added);
    this.#positions.set(identity(id), position);
    this.#record('following');
    return [position, added];
  }

  #record(status: LogStatus): void {
    const position = { cursor: this.#cursor, orderBytes: this.#orderBytes };
    const streams = this.#streams.map(({ id, bytes }) => ({ stream: id, bytes }));
    const { positions, key } = this.#deps;
    if (!positions.recordLog(key, { ...position, status, streams, gaps: this.#gaps }, this.#recorded)) {
      throw new Superseded(key);
    }
    this.#status = status;
    this.#recorded = position;
    this.#recordedAt = this.#deps.clock.now();
  }

  async #work(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#busy += 1;
    try {
      await work();
    } catch (error) {
      this.#failure = explainWrite(error, this.#deps.folder);
      throw this.#failure;
    } finally {
      this.#busy -= 1;
    }
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#rest();
    }, recordEvery).unref();
  }

  /** Between bursts: records the rest of the last one and lets go of the files, so that a silent log costs nothing. */
  #rest(): void {
    if (this.#busy > 0 || this.#failure !== undefined) {
      return;
    }
    try {
      if (this.#cursor !== this.#recorded.cursor || this.#orderBytes !== this.#recorded.orderBytes) {
        this.#record(this.#status);
      }
    } catch (error) {
      this.#failure = explainWrite(error, this.#deps.folder);
    }
    this.#files.close().catch((error: unknown) => {
      this.#failure ??= explainWrite(error, this.#deps.folder);
    });
  }
}

function identity({ name, task, node }: StreamId): string {
  return `${task} ${node} ${name}`;
}
