/** A place in the code, as a line of the log names it. */
export interface Frame {
  /** As printed: absolute or relative, with either slash, or a name such as `<string>`. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly function: string | null;
  /** The number of the log line that names it, as the caller counts. */
  readonly logLine: number;
  /** Columns of the path and line in the visible text of that log line, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Something that went wrong, as the log tells it. */
export interface Failure {
  /** The exception's name, or a short name of what ended the program: `SIGSEGV`, `slurm: time limit`. */
  readonly type: string;
  /** May have several lines; cut when it is very long. */
  readonly message: string;
  /** Of the process that printed it, if the log says. */
  readonly rank: number | null;
  /** From the outermost call to the one that failed. */
  readonly frames: readonly Frame[];
  readonly firstLine: number;
  readonly lastLine: number;
  /** What was printed before it in the same chain, as the reader meets the last one first. */
  readonly cause: Failure | null;
  /** The exceptions of an exception group; empty for any other. */
  readonly members: readonly Failure[];
  /** A warning is a failure that its program survived, as an exception ignored in a finaliser. */
  readonly level: 'error' | 'warning';
}
