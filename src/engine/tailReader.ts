import { type FileHandle, open, stat } from 'node:fs/promises';

import type { AttemptKey } from '../core/job.ts';
import type { StreamId } from '../core/logChunk.ts';
import type { Clock } from '../core/ports.ts';
import type { LogLine, LogTailUpdate } from '../core/logView.ts';
import { errorCode } from './fileError.ts';
import { LineSplitter, type SplitLine } from './lineSplitter.ts';
import { openIfThere, readAt } from './logFiles.ts';
import { orderFile, streamFile } from './logFolder.ts';
import {
  type ArrivalRecord,
  decodeOrder,
  encodeOrder,
  type GapRecord,
  type OrderRecord,
  orderRecordBytes,
} from './logOrder.ts';
import type { LogState, RecordedGap } from './logRecords.ts';

export interface TailSource {
  readonly key: AttemptKey;
  readonly folder: string;
  readonly records: { logState(key: AttemptKey): LogState };
  readonly clock: Clock;
}

/** How much of the end is read at first, and how far a reader may fall behind before it starts at the end again; in bytes. */
const tailBytes = 256 * 1024;
const maxBehind = 8 * 1024 * 1024;
/** Where one update ends: it goes to the webview as one message. In bytes and lines. */
const updateBytes = 256 * 1024;
const updateLines = 5_000;
/** Of a longer line only so much is shown, in bytes. */
const maxLineBytes = 10_000;
const blockRecords = 4096;
const blockBytes = blockRecords * orderRecordBytes;

interface TailStream {
  readonly id: StreamId;
  readonly file: FileHandle;
  readonly splitter: LineSplitter;
  offset: number;
  time: number;
}

type TailView = Omit<LogTailUpdate, 'status'>;

interface TailRead {
  /** undefined when nothing is new. */
  readonly update: TailView | undefined;
  /** There is more already than one update takes. */
  readonly more: boolean;
}

/** Reads an attempt's log in its order of arrival, from near the end on, in bounded pieces. */
export class TailReader {
  readonly #source: TailSource;
  #order: { readonly file: FileHandle; readonly inode: number } | undefined;
  /** Where the next order record is read, and the record before it, which shows whether the file still is what it was. */
  #orderOffset = 0;
  #last: OrderRecord | undefined;
  #state: LogState | undefined;
  /** Where each stream is read next. */
  #offsets: number[] = [];
  #streams: TailStream[] = [];
  #totalBytes = 0;

  constructor(source: TailSource) {
    this.#source = source;
  }

  /** Rejects with the system's error when the files cannot be read; files that are not there (yet) are empty. */
  async read(): Promise<TailRead> {
    const found = await this.#openOrder();
    const lines: LogLine[] = [];
    const block = this.#state === undefined || found.replaced ? undefined : await this.#goOn(found.size);
    const reset = block === undefined;
    const size = reset ? await this.#startNearEnd(lines) : found.size;
    const records = block ?? (await this.#goOn(size)) ?? [];
    let bytes = 0;
    let shown = 0;
    for (const record of records) {
      if (bytes >= updateBytes || lines.length >= updateLines || !(await this.#show(record, lines))) {
        break;
      }
      bytes += record.kind === 'arrival' ? record.bytes : 0;
      shown += 1;
    }
    this.#orderOffset += shown * orderRecordBytes;
    this.#last = records[shown - 1] ?? this.#last;
    const full = bytes >= updateBytes || lines.length >= updateLines || shown === blockRecords;
    return {
      update: reset || shown > 0 ? this.#view(reset, lines) : undefined,
      more: full && size - this.#orderOffset >= orderRecordBytes,
    };
  }

  /** What is shown now, without anything new. */
  unchanged(): TailView {
    return this.#view(false, []);
  }

  async close(): Promise<void> {
    await this.#closeStreams();
    await this.#order?.file.close();
    this.#order = undefined;
  }

  /** One update shows at most the newest lines; when that leaves any out, the view starts anew. */
  #view(reset: boolean, lines: readonly LogLine[]): TailView {
    const partial = this.#streams.flatMap((stream) => {
      const line = stream.splitter.partial;
      return line === undefined ? [] : [toLine(stream, line)];
    });
    const newest = lines.slice(-updateLines);
    return { reset: reset || newest.length < lines.length, lines: newest, partial, totalBytes: this.#totalBytes };
  }

  /** The file is asked for by its name, for it may have been removed and made anew. */
  async #openOrder(): Promise<{ readonly size: number; readonly replaced: boolean }> {
    const path = orderFile(this.#source.folder);
    try {
      const { size, ino } = await stat(path);
      if (this.#order?.inode === ino) {
        return { size, replaced: false };
      }
      await this.close();
      this.#order = { file: await open(path, 'r'), inode: ino };
      return { size, replaced: true };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        throw error;
      }
      const replaced = this.#order !== undefined;
      await this.close();
      return { size: 0, replaced };
    }
  }

  /**
   * The next records; undefined when the reader has to start anew: the order has run away, or was cut and written anew. The
   * latter shows at the record before, even when the file is as long as it was.
   */
  async #goOn(size: number): Promise<readonly OrderRecord[] | undefined> {
    if (size < this.#orderOffset) {
      return undefined;
    }
    const known = this.#last === undefined ? 0 : orderRecordBytes;
    const read = await this.#records(this.#orderOffset - known, Math.min(size, this.#orderOffset + blockBytes));
    const records = known === 0 ? read : read.slice(1);
    const [first] = read;
    const same = this.#last === undefined || (first !== undefined && isSame(first, this.#last));
    const far = sumBytes(records) > maxBehind || size - this.#orderOffset > 16 * blockBytes;
    return same && !far ? records : undefined;
  }

  /** Places itself about `tailBytes` before the end of what has arrived; gives the size of the order. */
  async #startNearEnd(lines: LogLine[]): Promise<number> {
    await this.#closeStreams();
    const state = this.#newState();
    // Asked after the store, so that it is not the smaller one only for being older.
    const { size } = await this.#openOrder();
    this.#offsets = state.streams.map(({ bytes }) => bytes);
    this.#orderOffset = state.orderBytes;
    if (size < state.orderBytes) {
      this.#orderOffset = size - (size % orderRecordBytes);
      lines.push(gapLine(undefined, 'the log on this disk is shorter than it was: its files were changed or removed'));
    } else {
      await this.#toEnd(size);
      await this.#back();
    }
    this.#totalBytes = this.#offsets.reduce((sum, bytes) => sum + bytes, 0);
    const before = await this.#records(Math.max(0, this.#orderOffset - orderRecordBytes), this.#orderOffset);
    this.#last = before[0];
    return size;
  }

  /** Over what has arrived since it was recorded. */
  async #toEnd(size: number): Promise<void> {
    while (size - this.#orderOffset >= orderRecordBytes) {
      const records = await this.#records(this.#orderOffset, Math.min(size, this.#orderOffset + blockBytes));
      if (records.length === 0) {
        return;
      }
      for (const record of records) {
        this.#move(record, 1);
      }
    }
  }

  async #back(): Promise<void> {
    for (let back = 0; back < tailBytes && this.#orderOffset > 0;) {
      const records = await this.#records(Math.max(0, this.#orderOffset - blockBytes), this.#orderOffset);
      if (records.length === 0) {
        return;
      }
      for (const record of records.toReversed()) {
        back += this.#move(record, -1);
        if (back >= tailBytes) {
          break;
        }
      }
    }
  }

  /** Forwards or backwards over a record without reading its bytes; gives their number. */
  #move(record: OrderRecord, direction: 1 | -1): number {
    this.#orderOffset += direction * orderRecordBytes;
    if (record.kind === 'gap') {
      return 0;
    }
    this.#offsets[record.stream] = (this.#offsets[record.stream] ?? 0) + direction * record.bytes;
    return record.bytes;
  }

  async #records(from: number, to: number): Promise<readonly OrderRecord[]> {
    return this.#order === undefined ? [] : decodeOrder(await readAt(this.#order.file, from, to - from));
  }

  /** False when it cannot be shown yet: the store or the files do not have it. */
  async #show(record: OrderRecord, lines: LogLine[]): Promise<boolean> {
    return record.kind === 'gap' ? this.#showGap(record, lines) : await this.#showArrival(record, lines);
  }

  #showGap({ gap }: GapRecord, lines: LogLine[]): boolean {
    const recorded = this.#state?.gaps[gap] ?? this.#newState().gaps[gap];
    if (recorded === undefined) {
      return false;
    }
    lines.push(gapLine(recorded, recorded.reason));
    return true;
  }

  async #showArrival(arrival: ArrivalRecord, lines: LogLine[]): Promise<boolean> {
    const stream = this.#streams[arrival.stream] ?? (await this.#openStream(arrival.stream));
    if (stream === undefined) {
      return false;
    }
    const bytes = await readAt(stream.file, stream.offset, arrival.bytes);
    if (bytes.byteLength < arrival.bytes) {
      return false;
    }
    stream.offset += bytes.byteLength;
    stream.time = arrival.time;
    this.#totalBytes += bytes.byteLength;
    for (const line of stream.splitter.push(bytes)) {
      lines.push(toLine(stream, line));
    }
    return true;
  }

  async #openStream(position: number): Promise<TailStream | undefined> {
    const id = (this.#state?.streams[position] ?? this.#newState().streams[position])?.stream;
    if (id === undefined) {
      return undefined;
    }
    const offset = Math.max(0, this.#offsets[position] ?? 0);
    const file = await openIfThere(streamFile(this.#source.folder, id));
    if (file === undefined) {
      return undefined;
    }
    const [before = newline] = offset === 0 ? [] : await readAt(file, offset - 1, 1);
    const stream = { id, file, splitter: new LineSplitter(maxLineBytes, before !== newline), offset, time: 0 };
    this.#streams[position] = stream;
    return stream;
  }

  #newState(): LogState {
    const state = this.#source.records.logState(this.#source.key);
    this.#state = state;
    return state;
  }

  async #closeStreams(): Promise<void> {
    const streams = this.#streams.filter((stream) => stream !== undefined);
    this.#streams = [];
    await Promise.all(streams.map(async ({ file }) => await file.close()));
  }
}

const newline = 10;

function isSame(one: OrderRecord, other: OrderRecord): boolean {
  return Buffer.compare(encodeOrder([one]), encodeOrder([other])) === 0;
}

function sumBytes(records: readonly OrderRecord[]): number {
  return records.reduce((sum, record) => sum + (record.kind === 'arrival' ? record.bytes : 0), 0);
}

function gapLine(gap: RecordedGap | undefined, reason: string): LogLine {
  const { name: stream = '', task = 0, node = 0 } = gap?.stream ?? {};
  return { stream, task, node, time: gap?.from ?? null, text: '', cutBytes: 0, cutStart: false, gap: reason };
}

function toLine({ id, time }: TailStream, { text, cutBytes, cutStart }: SplitLine): LogLine {
  return { stream: id.name, task: id.task, node: id.node, time, text, cutBytes, cutStart, gap: null };
}
