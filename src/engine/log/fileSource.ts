import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

import type { StreamId } from '../../core/logChunk.ts';
import type { LogGapNote } from '../../core/logRow.ts';
import type { Arrival, LogMark } from './lineReplay.ts';
import {
  blockBytes,
  portionBytes,
  type LogFilePaths,
  type LogSource,
  type ReadEdges,
  type SourceStatus,
} from './logSource.ts';
import { RawLog } from './rawLog.ts';

/** A file that was written so recently, in ms, is taken to grow still. */
const restless = 60_000;
/** A last line without a line feed is a line once nothing was added for so long, in ms. */
const restsAfter = 10_000;
const newline = 10;
/** Of more only the newest are told. */
const mostGaps = 100;
const reasons = {
  replaced: 'another file was put in place of this one, what was shown before is gone',
  cut: 'the file was cut off, what was shown before is gone',
  rewritten: 'the file was written anew, what was shown before is gone',
} as const;

/** Any log file on disk: one stream, no times. */
export class FileSource implements LogSource {
  readonly raw: RawLog;
  readonly files: LogFilePaths;
  readonly streams: readonly StreamId[];
  readonly #path: string;
  #inode: number | undefined;
  #bytes = 0;
  #modifiedAt = 0;
  #gaps: readonly LogGapNote[] = [];

  /** `path` is absolute. */
  constructor(path: string) {
    this.#path = path;
    this.raw = new RawLog(() => path, null);
    this.files = { streams: [path], order: null };
    this.streams = [{ name: basename(path), task: 0, node: 0 }];
  }

  get identity(): string {
    return this.#inode === undefined ? '' : String(this.#inode);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get status(): SourceStatus {
    const silence = Date.now() - this.#modifiedAt;
    const lasting = silence < restless ? 'following' : 'file';
    return {
      truth: this.#gaps.length > 0 ? 'gap' : this.#bytes === 0 ? 'none' : lasting,
      isAtRest: silence >= restsAfter,
      gaps: this.#gaps,
      startedAt: null,
      writtenAt: this.#inode === undefined ? null : this.#modifiedAt,
    };
  }

  async look(known: LogMark, edges: ReadEdges): Promise<'unchanged' | 'grown' | 'void'> {
    const found = await stat(this.#path);
    const replaced = this.#inode !== undefined && this.#inode !== found.ino;
    if (replaced) {
      await this.raw.reopen();
    }
    const isVoid = takenOf(known) > 0 && (replaced || !(await this.#has(found, known, edges)));
    if (isVoid) {
      const reason = replaced ? reasons.replaced : found.size < takenOf(known) ? reasons.cut : reasons.rewritten;
      this.#gaps = [...this.#gaps, { from: this.#modifiedAt, to: Date.now(), reason }].slice(-mostGaps);
    }
    // What tells the old from the new is not let go of before, while somebody may be proving what they read.
    this.#inode = found.ino;
    this.#bytes = found.size;
    this.#modifiedAt = found.mtimeMs;
    return isVoid ? 'void' : found.size > takenOf(known) ? 'grown' : 'unchanged';
  }

  async holds(known: LogMark, edges: ReadEdges): Promise<boolean> {
    const found = await stat(this.#path);
    return found.ino === this.#inode && (await this.#has(found, known, edges));
  }

  async #has({ size, mtimeMs }: Stats, known: LogMark, edges: ReadEdges): Promise<boolean> {
    const isTouched = mtimeMs !== this.#modifiedAt || size !== this.#bytes;
    return size >= takenOf(known) && (!isTouched || (await this.#beginsAndEnds(edges, takenOf(known))));
  }

  async #beginsAndEnds({ head, tail }: ReadEdges, taken: number): Promise<boolean> {
    const start = await this.raw.read(0, 0, head.byteLength);
    const end = await this.raw.read(0, taken - tail.byteLength, tail.byteLength);
    return Buffer.compare(start, head) === 0 && Buffer.compare(end, tail) === 0;
  }

  async arrivals(after: LogMark): Promise<readonly Arrival[]> {
    const arrivals: Arrival[] = [];
    const end = Math.min(this.#bytes, takenOf(after) + portionBytes);
    for (let at = takenOf(after); at < end; at += blockBytes) {
      arrivals.push({ kind: 'bytes', stream: 0, bytes: Math.min(blockBytes, end - at), time: null });
    }
    return arrivals;
  }

  async confirms(): Promise<boolean> {
    const { ino, size } = await stat(this.#path);
    return ino === this.#inode && size >= this.#bytes;
  }

  async nearEnd(): Promise<LogMark | null> {
    if (this.#bytes <= 2 * blockBytes) {
      return null;
    }
    const from = this.#bytes - blockBytes / 2;
    const first = (await this.raw.read(0, from, blockBytes / 2)).indexOf(newline);
    const start = first === -1 ? from : from + first + 1;
    return { line: 0, records: 0, streams: [{ start, taken: start, time: null }] };
  }

  async close(): Promise<void> {
    await this.raw.close();
  }
}

function takenOf({ streams }: LogMark): number {
  return streams[0]?.taken ?? 0;
}
