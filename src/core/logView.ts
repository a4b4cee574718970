/** One line of a log as a webview shows it. */
export interface LogLine {
  /** `stdout`, `stderr`, or the provider's name for a system log; empty for a gap that concerns all. */
  readonly stream: string;
  readonly task: number;
  readonly node: number;
  /** When it arrived (or the provider's own time), in ms since the epoch. */
  readonly time: number | null;
  /** Without its line end. Bytes that are no UTF-8 appear as U+FFFD; of a line rewritten with `\r` only the last version. */
  readonly text: string;
  /** Bytes of the line that are left out here because it is too long. */
  readonly cutBytes: number;
  /** The line began before what was read. */
  readonly cutStart: boolean;
  /** Set on a marker: something is missing here, and why. */
  readonly gap: string | null;
}

export type LogTailStatus = 'none' | 'following' | 'complete' | 'interrupted';

export interface LogTailUpdate {
  /** Forget what was shown before: it starts anew, from the newest lines. */
  readonly reset: boolean;
  readonly lines: readonly LogLine[];
  /** The unfinished last line of each stream that has one; replaces those of the update before. */
  readonly partial: readonly LogLine[];
  /** Size of the whole log so far, all streams together. */
  readonly totalBytes: number;
  readonly status: LogTailStatus;
}
