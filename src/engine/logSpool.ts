import { type FileHandle, mkdir, open } from 'node:fs/promises';

import type { AttemptKey } from '../core/job.ts';
import type { LogCursor, LogItem, StreamId } from '../core/logChunk.ts';
import type { Clock } from '../core/ports.ts';
import { orderFile, streamFile } from './logFolder.ts';
import { arrivalBytes, encodeArrival } from './logOrder.ts';
import type { LogState, LogStatus, RecordedGap } from './logRecords.ts';

/** The part of the store that remembers how far logs are. */
export interface LogPositions {
  logState(key: AttemptKey): LogState;
  recordLog(key: AttemptKey, state: LogState): void;
}

export interface SpoolDeps {
  readonly key: AttemptKey;
  readonly folder: string;
  readonly positions: LogPositions;
  readonly clock: Clock;
}

interface Stream {
  readonly id: StreamId;
  readonly file: FileHandle;
  bytes: number;
}

/** Lengths and cursor are recorded at most this often, in ms; what dies in between is fetched again from the cursor. */
const recordEvery = 100;

/**
 * Writes an attempt's output to disk as it comes. Bytes go to their file at the recorded length first; then lengths and cursor
 * are recorded together. Whatever dies in between, the next open cuts the files back to what was recorded, and the provider
 * goes on from the cursor that belongs to it: nothing lost, nothing doubled.
 */
export class LogSpool {
  readonly #deps: SpoolDeps;
  readonly #order: FileHandle;
  readonly #streams: Stream[];
  readonly #gaps: RecordedGap[];
  #orderBytes: number;
  #cursor: LogCursor | null;
  #status: LogStatus;
  #recordedAt = 0;

  private constructor(deps: SpoolDeps, state: LogState, order: FileHandle, streams: Stream[]) {
    this.#deps = deps;
    this.#order = order;
    this.#streams = streams;
    this.#gaps = [...state.gaps];
    this.#orderBytes = state.orderBytes;
    this.#cursor = state.cursor;
    this.#status = state.status;
  }

  /** Rejects with the system's error when the folder cannot be written. */
  static async open(deps: SpoolDeps): Promise<LogSpool> {
    const { folder, positions, key } = deps;
    await mkdir(folder, { recursive: true });
    const opened: FileHandle[] = [];
    const openFile = async (path: string): Promise<FileHandle> => {
      const file = await openForUpdate(path);
      opened.push(file);
      return file;
    };
    try {
      let state = positions.logState(key);
      const order = await openFile(orderFile(folder));
      const streams: Stream[] = [];
      for (const { stream, bytes } of state.streams) {
        streams.push({ id: stream, file: await openFile(streamFile(folder, stream)), bytes });
      }
      const sizes = await Promise.all([order, ...streams.map(({ file }) => file)].map(async (file) => (await file.stat()).size));
      const recorded = [state.orderBytes, ...streams.map(({ bytes }) => bytes)];
      if (recorded.some((bytes, index) => (sizes[index] ?? 0) < bytes)) {
        // The machine died before the bytes reached the disk: only the provider has them now.
        state = { cursor: null, orderBytes: 0, status: 'following', streams: [], gaps: [] };
        positions.recordLog(key, state);
        await Promise.all(streams.map(async ({ file }) => { await file.truncate(0); await file.close(); }));
        streams.length = 0;
      }
      await order.truncate(state.orderBytes);
      await Promise.all(streams.map(async ({ file, bytes }) => { await file.truncate(bytes); }));
      return new LogSpool(deps, state, order, streams);
    } catch (error) {
      await Promise.allSettled(opened.map(async (file) => { await file.close(); }));
      throw error;
    }
  }

  /** Where the provider goes on. */
  get cursor(): LogCursor | null {
    return this.#cursor;
  }

  /** Rejects with the system's error when the disk is full; the item is then not recorded and comes again. */
  async append(item: LogItem): Promise<void> {
    const status: LogStatus = 'following';
    if (item.kind === 'gap') {
      this.#gaps.push({ stream: item.stream, orderBytes: this.#orderBytes, from: item.from, to: item.to, reason: item.reason });
      this.#cursor = item.cursor;
      this.#record(status);
      return;
    }
    const position = await this.#streamAt(item.stream);
    const stream = this.#streams[position];
    if (stream === undefined || item.bytes.byteLength === 0) {
      this.#cursor = item.cursor;
      return;
    }
    await writeAll(stream.file, item.bytes, stream.bytes);
    const arrival = { stream: position, bytes: item.bytes.byteLength, time: item.time ?? this.#deps.clock.now() };
    await writeAll(this.#order, encodeArrival(arrival), this.#orderBytes);
    stream.bytes += item.bytes.byteLength;
    this.#orderBytes += arrivalBytes;
    this.#cursor = item.cursor;
    const now = this.#deps.clock.now();
    if (this.#status !== status || Math.abs(now - this.#recordedAt) >= recordEvery) {
      this.#record(status);
    }
  }

  /** A stream has a position from its first byte on, recorded before anything refers to it. */
  async #streamAt(id: StreamId): Promise<number> {
    const known = this.#streams.findIndex(
      (stream) => stream.id.name === id.name && stream.id.task === id.task && stream.id.node === id.node,
    );
    if (known !== -1) {
      return known;
    }
    const file = await openForUpdate(streamFile(this.#deps.folder, id));
    await file.truncate(0);
    this.#streams.push({ id, file, bytes: 0 });
    this.#record(this.#status);
    return this.#streams.length - 1;
  }

  #record(status: LogStatus): void {
    this.#status = status;
    this.#recordedAt = this.#deps.clock.now();
    this.#deps.positions.recordLog(this.#deps.key, {
      cursor: this.#cursor,
      orderBytes: this.#orderBytes,
      status,
      streams: this.#streams.map(({ id, bytes }) => ({ stream: id, bytes })),
      gaps: this.#gaps,
    });
  }

  /** Records what is on disk, and whether it is all. */
  settle(status: LogStatus): void {
    this.#record(status);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#order, ...this.#streams.map(({ file }) => file)].map(async (file) => { await file.close(); }));
  }
}

async function openForUpdate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return await open(path, 'w+');
    }
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}
