import type { StreamId } from '../../core/logChunk.ts';
import type { LogGapNote, LogTruth } from '../../core/logRow.ts';
import type { Arrival, LogMark } from './lineReplay.ts';
import { bufferBytes } from './bytes/byteScan.ts';
import type { RawLog } from './rawLog.ts';

/** What is known about a source without reading its bytes. */
export interface SourceStatus {
  readonly truth: LogTruth;
  /** Nothing more is expected, at least for now: a last line without a line feed is a line. */
  readonly isAtRest: boolean;
  /** By position: a marker in the log refers to it. */
  readonly gaps: readonly LogGapNote[];
  readonly startedAt: number | null;
  /** See LogOutline. */
  readonly writtenAt: number | null;
}

/** Of the first stream, the bytes it begins with and the last that were read: by these it is seen whether a file was written anew. */
export interface ReadEdges {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** Raw output on disk, of one or more streams, and the order in which it arrived. */
export interface LogSource {
  readonly raw: RawLog;
  /** Where the raw bytes lie, for another thread to read them too. */
  readonly files: LogFilePaths;
  /** See LogOutline. */
  readonly identity: string;
  /** By position. Grows. */
  readonly streams: readonly StreamId[];
  /** Size on disk as far as it is known, in bytes. */
  readonly bytes: number;
  readonly status: SourceStatus;
  /**
   * Looks at the files. `void`: what was known of them no longer holds: they were cut off, replaced or written anew. Rejects with
   * the system's error when they cannot be read; a job's files that are not there (yet) are empty.
   */
  look(known: LogMark, edges: ReadEdges): Promise<'unchanged' | 'grown' | 'void'>;
  /**
   * Whether what was read up to a mark is still what the files have: without it, what was just read may be no part of the log. Looks
   * at the files anew and changes nothing. Rejects like `look`.
   */
  holds(known: LogMark, edges: ReadEdges): Promise<boolean>;
  /** What arrived after a mark, at most a portion, unless a single arrival is larger; empty when nothing has. */
  arrivals(after: LogMark): Promise<readonly Arrival[]>;
  /**
   * Whether what `arrivals` gave last after a mark is so still, asked once its bytes were read: else these may be others, written
   * in their place meanwhile. Rejects like `look`.
   */
  confirms(after: LogMark): Promise<boolean>;
  /** A mark not far from the end, whose `line` is not known; null when the log is so short that reading it from the start is as quick. */
  nearEnd(): Promise<LogMark | null>;
  close(): Promise<void>;
}

export interface LogFilePaths {
  /** By position of the stream. */
  readonly streams: readonly string[];
  readonly order: string | null;
}

/** What is read at once, in bytes. */
export const portionBytes = bufferBytes;
/** A block is about so large, in bytes, or has so many records. */
export const blockBytes = 256 * 1024;
export const blockRecords = 4_096;
