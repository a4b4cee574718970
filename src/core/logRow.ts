import type { EpochMs } from './job.ts';
import type { GapCause, StreamId } from './logChunk.ts';

/**
 * A line of a log as it is shown. A log is a sequence of complete lines and gap markers, in the order in which they were completed;
 * once nothing more is expected, a last line without a line feed is a line like others.
 */
export interface LogRow {
  /** 0-based position in the log; -1 for a line that is not complete yet. */
  readonly line: number;
  /** Position in the log's list of streams; -1 for a gap that concerns all. */
  readonly stream: number;
  /** The provider's time or the time of arrival; null where there is none, as in a file that is not a job's. */
  readonly time: EpochMs | null;
  /** Without line end, ANSI escapes kept. Bytes that are no UTF-8 are U+FFFD. Of a line that rewrote itself with `\r`, its last version. */
  readonly text: string;
  /** Bytes at the end of the line that are left out of `text`. */
  readonly cutBytes: number;
  /** How often the line rewrote itself with `\r`: versions that came before the one in `text`. */
  readonly rewrites: number;
  /** Set on a marker: something is missing here, and why; or, where the cause is `late`, what comes next belongs further up. */
  readonly gap: string | null;
  readonly gapCause?: GapCause;
  readonly level: LineLevel | null;
}

export type LineLevel = 'error' | 'warning';

/** What a person looks for in a line. */
export interface LineQuery {
  readonly text: string;
  readonly isRegex: boolean;
  readonly matchCase: boolean;
  readonly wholeWord: boolean;
}

/** Which lines are shown; each field narrows further, null does not. */
export interface LineFilter {
  readonly include: LineQuery | null;
  readonly exclude: LineQuery | null;
  /** Lines shown around each that matches. */
  readonly context: number;
  readonly levels: readonly LineLevel[] | null;
  /** Positions in the log's list of streams. */
  readonly streams: readonly number[] | null;
  readonly ranks: readonly number[] | null;
  /** Inclusive. */
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
}

/** Lets every line through. */
export const noFilter: LineFilter = {
  include: null,
  exclude: null,
  context: 0,
  levels: null,
  streams: null,
  ranks: null,
  from: null,
  to: null,
};

/**
 * How far a log can be believed. `file`: a file that is no job's, all of it that is on disk; nobody knows whether more will come.
 * `sampled` and `expired`: all that is missing is so for this cause.
 */
export type LogTruth = 'none' | 'following' | 'complete' | 'file' | 'interrupted' | 'gap' | 'sampled' | 'expired';

/** Something that is missing from a log, or came late. */
export interface LogGapNote {
  /** Where it concerns one alone. */
  readonly stream?: StreamId | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly reason: string;
  readonly cause?: GapCause;
}

/** A log as a whole, as far as it was read. */
export interface LogOutline {
  /** The same for the same log whoever opens it and when; another for another file in its place. '' before it is known. */
  readonly identity: string;
  /** Grows by one whenever what was known before is void: a new attempt, a file that was cut off or replaced. */
  readonly generation: number;
  /** Complete lines and gap markers that were counted so far. */
  readonly lines: number;
  /** False while more is known to be there than was counted: `lines` is the least there are. */
  readonly counted: boolean;
  readonly bytes: number;
  readonly truth: LogTruth;
  readonly gaps: readonly LogGapNote[];
  readonly streams: readonly StreamId[];
  /** Ranks found in streams or in prefixes such as `[rank3]`, in order. */
  readonly ranks: readonly number[];
  /** Of a file that is no job's, when it was written last; else null. */
  readonly writtenAt: EpochMs | null;
  /** Where times relative to the start count from; null when unknown. */
  readonly startedAt: EpochMs | null;
  /** Why it cannot be read (any more); null while it can. */
  readonly problem: string | null;
}
