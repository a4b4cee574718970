import { type FileHandle, open } from 'node:fs/promises';

import type { AttemptKey } from '../core/job.ts';
import type { StreamId } from '../core/logChunk.ts';
import type { Clock } from '../core/ports.ts';
import type { LogLine, LogTailUpdate } from '../protocol/logView.ts';
import { LineSplitter, type SplitLine } from './lineSplitter.ts';
import { orderFile, streamFile } from './logFolder.ts';
import { type Arrival, arrivalBytes, decodeArrivals } from './logOrder.ts';
import type { LogState, RecordedGap } from './logRecords.ts';

export interface TailSource {
  readonly key: AttemptKey;
  readonly folder: string;
  readonly records: { logState(key: AttemptKey): LogState };
  readonly clock: Clock;
}

/** How much of the end is read at first, and how far a reader may fall behind before it starts at the end again; in bytes. */
const tailBytes = 256 * 1024;
const maxBehind = 4 * 1024 * 1024;
/** At most so much is read for one update, in bytes. */
const readAtOnce = 1024 * 1024;
const maxLineBytes = 40_000;
const orderBlock = 4096 * arrivalBytes;
/** In ms: how often the files' sizes are looked at, and how often the recorded status is. */
const pollEvery = 40;
const statusEvery = 400;

/**
 * The end of an attempt's log, then what is added to it, merged over its streams in order of arrival and cut into lines: a line
 * stands where it was completed. Yields when something is new and reads nothing while the consumer is busy; one that falls far
 * behind starts at the end again. Ends when the log is complete.
 *
 * Bytes are shown as soon as they are in the files, before they are recorded. That is safe: after a crash the same bytes are
 * fetched to the same place again.
 */
export async function* tailLog(source: TailSource, signal: AbortSignal): AsyncIterable<LogTailUpdate> {
  const reader = new TailReader(source);
  let statusAt = Number.NEGATIVE_INFINITY;
  let state: LogState | undefined;
  let sent: LogTailUpdate | undefined;
  try {
    while (!signal.aborted) {
      const now = source.clock.now();
      if (state === undefined || Math.abs(now - statusAt) >= statusEvery) {
        state = source.records.logState(source.key);
        statusAt = now;
      }
      const before = state;
      const found = await reader.read(state);
      const complete = before.status === 'complete' && !found.more;
      const update: LogTailUpdate = { ...found.update, status: before.status };
      if (sent === undefined || found.changed || sent.status !== update.status) {
        sent = update;
        yield update;
      }
      if (complete) {
        return;
      }
      if (!found.more) {
        await source.clock.sleep(pollEvery, signal).catch(() => undefined);
      }
    }
  } finally {
    await reader.close();
  }
}

interface TailStream {
  readonly id: StreamId;
  readonly file: FileHandle;
  readonly splitter: LineSplitter;
  offset: number;
  lastTime: number;
}

interface Found {
  readonly update: Omit<LogTailUpdate, 'status'>;
  readonly changed: boolean;
  /** There was more than is read at once. */
  readonly more: boolean;
}

class TailReader {
  readonly #source: TailSource;
  #order: FileHandle | undefined;
  #orderOffset = 0;
  #streams: TailStream[] = [];
  #gapsShown = 0;
  #totalBytes = 0;
  #started = false;

  constructor(source: TailSource) {
    this.#source = source;
  }

  async read(state: LogState): Promise<Found> {
    const orderSize = await this.#openOrder();
    const shrunk = orderSize < this.#orderOffset;
    const far = this.#started && orderSize - this.#orderOffset > (maxBehind / tailBytes) * orderBlock;
    const reset = !this.#started || shrunk || far;
    if (reset) {
      await this.#startNearEnd(this.#source.records.logState(this.#source.key));
    }
    const lines: LogLine[] = [];
    const arrivals = await this.#arrivals(this.#orderOffset, Math.min(orderSize, this.#orderOffset + orderBlock));
    let bytes = 0;
    for (const arrival of arrivals) {
      if (bytes >= readAtOnce) {
        break;
      }
      this.#showGaps(state.gaps, lines);
      const stream = await this.#streamAt(arrival.stream);
      if (stream === undefined) {
        break;
      }
      await this.#readArrival(stream, arrival, lines);
      bytes += arrival.bytes;
      this.#orderOffset += arrivalBytes;
    }
    const more = orderSize - this.#orderOffset >= arrivalBytes;
    if (!more) {
      this.#showGaps(state.gaps, lines);
    }
    return {
      update: { reset, lines, partial: this.#partial(), totalBytes: this.#totalBytes },
      changed: reset || lines.length > 0 || bytes > 0,
      more,
    };
  }

  async #openOrder(): Promise<number> {
    try {
      this.#order ??= await open(orderFile(this.#source.folder), 'r');
      return (await this.#order.stat()).size;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return 0;
      }
      throw error;
    }
  }

  /** Places itself so that about `tailBytes` before the recorded end are read next. */
  async #startNearEnd(state: LogState): Promise<void> {
    await this.#closeStreams();
    this.#started = true;
    this.#orderOffset = state.orderBytes;
    this.#totalBytes = state.streams.reduce((sum, { bytes }) => sum + bytes, 0);
    const offsets = state.streams.map(({ bytes }) => bytes);
    for (let back = 0; back < tailBytes && this.#orderOffset > 0; ) {
      const from = Math.max(0, this.#orderOffset - orderBlock);
      const block = await this.#arrivals(from, this.#orderOffset);
      for (const arrival of block.toReversed()) {
        this.#orderOffset -= arrivalBytes;
        offsets[arrival.stream] = (offsets[arrival.stream] ?? 0) - arrival.bytes;
        this.#totalBytes -= arrival.bytes;
        back += arrival.bytes;
        if (back >= tailBytes) {
          break;
        }
      }
      if (block.length === 0) {
        break;
      }
    }
    this.#gapsShown = state.gaps.filter((gap) => gap.orderBytes < this.#orderOffset).length;
    for (const [position, offset] of offsets.entries()) {
      await this.#openStream(state, position, offset);
    }
  }

  async #openStream(state: LogState, position: number, offset: number): Promise<TailStream | undefined> {
    const id = state.streams[position]?.stream;
    if (id === undefined) {
      return undefined;
    }
    const file = await open(streamFile(this.#source.folder, id), 'r');
    const cutStart = offset > 0 && !(await endsLine(file, offset));
    const stream = { id, file, splitter: new LineSplitter(maxLineBytes, cutStart), offset, lastTime: 0 };
    this.#streams[position] = stream;
    return stream;
  }

  /** A stream that appeared since; it is recorded before anything refers to it. */
  async #streamAt(position: number): Promise<TailStream | undefined> {
    return (
      this.#streams[position] ?? (await this.#openStream(this.#source.records.logState(this.#source.key), position, 0))
    );
  }

  async #arrivals(from: number, to: number): Promise<readonly Arrival[]> {
    return this.#order === undefined || to <= from ? [] : decodeArrivals(await readAt(this.#order, from, to - from));
  }

  /** A huge arrival is read in its last part only; the tail shows nothing else of it. */
  async #readArrival(stream: TailStream, arrival: Arrival, lines: LogLine[]): Promise<void> {
    stream.lastTime = arrival.time;
    for (let done = 0; done < arrival.bytes; ) {
      const bytes = await readAt(stream.file, stream.offset, Math.min(readAtOnce, arrival.bytes - done));
      if (bytes.byteLength === 0) {
        break;
      }
      for (const line of stream.splitter.push(bytes)) {
        lines.push(toLine(stream, line));
      }
      done += bytes.byteLength;
      stream.offset += bytes.byteLength;
    }
    this.#totalBytes += arrival.bytes;
  }

  #showGaps(gaps: readonly RecordedGap[], lines: LogLine[]): void {
    for (; (gaps[this.#gapsShown]?.orderBytes ?? Number.POSITIVE_INFINITY) <= this.#orderOffset; this.#gapsShown += 1) {
      const gap = gaps[this.#gapsShown];
      if (gap !== undefined) {
        const { name = '', task = 0, node = 0 } = gap.stream ?? {};
        lines.push({ stream: name, task, node, time: gap.from, text: '', cutBytes: 0, cutStart: false, gap: gap.reason });
      }
    }
  }

  #partial(): readonly LogLine[] {
    return this.#streams.flatMap((stream) => {
      const line = stream.splitter.partial;
      return line === undefined ? [] : [toLine(stream, line)];
    });
  }

  async #closeStreams(): Promise<void> {
    const streams = this.#streams;
    this.#streams = [];
    await Promise.allSettled(streams.map(async ({ file }) => { await file.close(); }));
  }

  async close(): Promise<void> {
    await this.#closeStreams();
    await this.#order?.close();
  }
}

function toLine({ id, lastTime }: TailStream, { text, cutBytes, cutStart }: SplitLine): LogLine {
  return { stream: id.name, task: id.task, node: id.node, time: lastTime, text, cutBytes, cutStart, gap: null };
}

async function endsLine(file: FileHandle, offset: number): Promise<boolean> {
  const [last] = await readAt(file, offset - 1, 1);
  return last === 10;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) {
      break;
    }
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}
