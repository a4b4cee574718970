import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogCursor, LogItem, StreamId } from '../../core/logChunk.ts';
import { waitForChange } from './changeWait.ts';
import { decodeCursor, encodeCursor, type Position } from './cursor.ts';
import { runFile } from './layout.ts';
import { hasCode } from './nodeError.ts';
import { type Arrival, arrivalBytes, decodeArrivals, type OutputStream, outputStreams } from './outputOrder.ts';
import { readRunState, type RunState } from './runState.ts';

const chunkBytes = 262_144;
const recordsAtOnce = 4096;
/** Output that is this old and still not in the order is handed out without it. */
const orderPatienceMs = 300;
const busyMs = 30;
const idleMs = 500;
const busyForMs = 2000;

/**
 * An attempt's two output files as one sequence in order of arrival, from the cursor on, until the attempt has ended. Memory
 * stays bounded by one chunk, however long the lines. `keepAlive` is called now and then while the attempt is not ended.
 */
export async function* readLog(
  folder: string,
  cursor: LogCursor | null,
  signal: AbortSignal,
  keepAlive: () => Promise<void>,
): AsyncGenerator<LogItem, void> {
  const reader = new LogReader(folder, decodeCursor(cursor));
  let lastGrowth = Date.now();
  try {
    for (;;) {
      signal.throwIfAborted();
      // First the state, then the files: what is there after the end was written is all there will be.
      const state = await readState(folder);
      const ended = state === null || state.phase === 'ended';
      let grown = false;
      for await (const item of reader.available(ended)) {
        grown = true;
        yield item;
        signal.throwIfAborted();
      }
      if (ended) {
        yield* reader.closingGap(state);
        return;
      }
      lastGrowth = grown ? Date.now() : lastGrowth;
      const busy = reader.isBehind || Date.now() - lastGrowth < busyForMs;
      if (!busy) {
        await keepAlive();
      }
      await (busy ? pause(busyMs, signal) : waitForChange(folder, idleMs, signal));
    }
  } finally {
    await reader.close();
  }
}

/** null when the run's folder is gone. */
async function readState(folder: string): Promise<RunState | null> {
  return readRunState(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  });
}

class LogReader {
  readonly #folder: string;
  readonly #files = new Map<string, FileHandle>();
  #position: { -readonly [Field in keyof Position]: Position[Field] };
  #behindSince: number | null = null;

  constructor(folder: string, position: Position) {
    this.#folder = folder;
    this.#position = { ...position };
  }

  /** There is output that is not in the order yet. */
  get isBehind(): boolean {
    return this.#behindSince !== null;
  }

  /** What can be handed out now. When the attempt has ended, or the order lags for too long, the files themselves count. */
  async *available(ended: boolean): AsyncGenerator<LogItem, void> {
    for (const stream of outputStreams) {
      yield* this.#truncation(stream);
    }
    yield* this.#ordered();
    const rest: Arrival[] = [];
    for (const stream of outputStreams) {
      const end = await this.#size(runFile[stream]);
      if (end > this.#position[stream]) {
        rest.push({ stream, end, time: Date.now() });
      }
    }
    this.#behindSince = rest.length === 0 ? null : (this.#behindSince ?? Date.now());
    if (ended || (this.#behindSince !== null && Date.now() - this.#behindSince > orderPatienceMs)) {
      for (const arrival of rest) {
        yield* this.#upTo(arrival, ended ? null : arrival.time);
      }
      this.#behindSince = null;
    }
  }

  /** What is known to be missing once everything was handed out; said once. */
  *closingGap(state: RunState | null): Generator<LogItem, void> {
    const reason = this.#missing(state);
    if (reason !== null && !this.#position.closed) {
      this.#position.closed = true;
      yield this.#gap(null, reason);
    }
  }

  #missing(state: RunState | null): string | null {
    if (state === null) {
      return `the run folder ${this.#folder} was removed`;
    }
    if (state.phase !== 'ended' || state.startedAt === null) {
      return null;
    }
    const removed = outputStreams.map((stream) => runFile[stream]).filter((name) => !this.#files.has(name));
    return state.logGap ?? (removed.length === 0 ? null : `${removed.join(' and ')} cannot be found`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }

  async *#ordered(): AsyncGenerator<LogItem, void> {
    for (;;) {
      const arrivals = await this.#readOrder();
      for (const [index, arrival] of arrivals.entries()) {
        const next = arrivals[index + 1];
        // Neighbours of one stream are one piece.
        if (next?.stream === arrival.stream && next.end - this.#position[arrival.stream] <= chunkBytes) {
          this.#position.records += 1;
          continue;
        }
        yield* this.#upTo(arrival, arrival.time);
        this.#position.records += 1;
      }
      if (arrivals.length < recordsAtOnce) {
        return;
      }
    }
  }

  async #readOrder(): Promise<Arrival[]> {
    const file = await this.#open(runFile.order);
    if (file === undefined) {
      return [];
    }
    const buffer = Buffer.alloc(recordsAtOnce * arrivalBytes);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position.records * arrivalBytes);
    return decodeArrivals(buffer.subarray(0, bytesRead));
  }

  /** The stream's bytes up to that length of its file, as far as they are there. */
  async *#upTo({ stream, end }: Arrival, time: number | null): AsyncGenerator<LogItem, void> {
    while (this.#position[stream] < end) {
      const file = await this.#open(runFile[stream]);
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - this.#position[stream]));
      const bytesRead = (await file?.read(buffer, 0, buffer.length, this.#position[stream]))?.bytesRead ?? 0;
      if (bytesRead === 0) {
        return;
      }
      this.#position[stream] += bytesRead;
      yield {
        kind: 'bytes',
        stream: streamId(stream),
        bytes: new Uint8Array(buffer.buffer, 0, bytesRead),
        time,
        cursor: encodeCursor(this.#position),
      };
    }
  }

  async *#truncation(stream: OutputStream): AsyncGenerator<LogItem, void> {
    const position = this.#position[stream];
    const file = await this.#open(runFile[stream]);
    const size = (await file?.stat())?.size;
    if (size !== undefined && size < position) {
      this.#position[stream] = 0;
      yield this.#gap(stream, `${runFile[stream]} was cut from outside: it had ${position} bytes and now has ${size}`);
    }
  }

  #gap(stream: OutputStream | null, reason: string): LogItem {
    return {
      kind: 'gap',
      stream: stream === null ? null : streamId(stream),
      from: null,
      to: null,
      reason,
      cursor: encodeCursor(this.#position),
    };
  }

  async #size(name: string): Promise<number> {
    return (await (await this.#open(name))?.stat())?.size ?? 0;
  }

  /** Kept open: a file that is removed under us can still be read to its end. undefined while it is not there. */
  async #open(name: string): Promise<FileHandle | undefined> {
    const known = this.#files.get(name);
    if (known !== undefined) {
      return known;
    }
    try {
      const file = await open(join(this.#folder, name), 'r');
      this.#files.set(name, file);
      return file;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) {
        return undefined;
      }
      throw error;
    }
  }
}

function streamId(stream: OutputStream): StreamId {
  return { name: stream, task: 0, node: 0 };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  const timer = setTimeout(done, ms);
  signal.addEventListener('abort', done);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', done);
}
