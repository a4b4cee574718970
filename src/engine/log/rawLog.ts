import { openIfThere, readAt, readInto } from '../logFiles.ts';
import { OpenFiles } from '../openFiles.ts';
import { decodeOrder, type OrderRecord, orderRecordBytes } from '../logOrder.ts';
import type { Arrival, LogMark } from './lineReplay.ts';

/** More files are not kept open at once: an attempt may have a thousand streams. */
const maxOpen = 64;

/** The files of a log: one with the raw bytes of each stream, and one with their order where there is more than one stream or a clock. */
export class RawLog {
  readonly #path: (stream: number) => string;
  readonly #orderPath: string | null;
  readonly #files = new OpenFiles(openIfThere, maxOpen);

  /** Without an order file there is one stream, which arrived as it lies there. */
  constructor(path: (stream: number) => string, orderPath: string | null) {
    this.#path = path;
    this.#orderPath = orderPath;
  }

  /** Fewer bytes where the file ends before. */
  async read(stream: number, position: number, length: number): Promise<Uint8Array> {
    return await this.#read(this.#path(stream), position, length);
  }

  /** Fills `target`, unless the file ends before. Resolves to what was read. */
  async readInto(stream: number, position: number, target: Buffer): Promise<Buffer> {
    const read = await this.#files.use(this.#path(stream), async (file) =>
      file === undefined ? 0 : await readInto(file, position, target),
    );
    return target.subarray(0, read);
  }

  async size(stream: number): Promise<number> {
    return await this.#files.use(this.#path(stream), async (file) => (await file?.stat())?.size ?? 0);
  }

  /** Whole records only, fewer where the file ends before. */
  async records(from: number, count: number): Promise<readonly OrderRecord[]> {
    const bytes = await this.orderBytes(from, count);
    return decodeOrder(bytes);
  }

  async orderBytes(from: number, count: number): Promise<Uint8Array> {
    return this.#orderPath === null
      ? new Uint8Array()
      : await this.#read(this.#orderPath, from * orderRecordBytes, count * orderRecordBytes);
  }

  async #read(path: string, position: number, length: number): Promise<Uint8Array> {
    return await this.#files.use(path, async (file) =>
      file === undefined || length <= 0 ? new Uint8Array() : await readAt(file, position, length),
    );
  }

  /** What arrived between two marks. */
  async between(from: LogMark, to: LogMark): Promise<readonly Arrival[]> {
    if (this.#orderPath !== null) {
      return (await this.records(from.records, to.records - from.records)).map(arrivalOf);
    }
    const bytes = (to.streams[0]?.taken ?? 0) - (from.streams[0]?.taken ?? 0);
    return bytes > 0 ? [{ kind: 'bytes', stream: 0, bytes, time: null }] : [];
  }

  /** Opens the files anew when they are read again: others may lie there now. */
  async reopen(): Promise<void> {
    await this.#files.close();
  }

  /** Keeps no file open. Whoever still reads may do so. */
  async close(): Promise<void> {
    await this.#files.end();
  }
}

export function arrivalOf(record: OrderRecord): Arrival {
  return record.kind === 'gap'
    ? { kind: 'gap', gap: record.gap, time: record.time }
    : { kind: 'bytes', stream: record.stream, bytes: record.bytes, time: record.time };
}
