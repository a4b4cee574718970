import type { EpochMs } from './job.ts';

/**
 * A provider's own bookmark in an attempt's whole output (all its streams). Opaque: only the provider that made it reads it.
 * Every item carries the cursor that resumes right after it.
 */
export type LogCursor = string & { readonly brand: 'LogCursor' };

/** Where output comes from within an attempt. */
export interface StreamId {
  /** `stdout`, `stderr`, or the provider's name for a system log. */
  readonly name: string;
  /** 0-based task of an array job. */
  readonly task: number;
  /** 0-based node or rank. */
  readonly node: number;
}

export type LogItem = LogBytes | LogGap;

/** Raw bytes of one stream, in order. A chunk may end anywhere, in the middle of a line or of a character. */
export interface LogBytes {
  readonly kind: 'bytes';
  readonly stream: StreamId;
  readonly bytes: Uint8Array;
  /** The provider's time for the chunk; null where it gives none. */
  readonly time: EpochMs | null;
  readonly cursor: LogCursor;
}

/**
 * `sampled`: the provider hands out only a part of what is printed. `expired`: it does not keep it any more. `late`: nothing is missing, but
 * what comes next was printed before what comes above it.
 */
export type GapCause = 'sampled' | 'expired' | 'late';

/** The provider lost or left out something here, or shows late what belongs further up. */
export interface LogGap {
  readonly kind: 'gap';
  /** null when it concerns every stream. */
  readonly stream: StreamId | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  /** In the provider's words: "rotated away", "sampled at 500 events a second". */
  readonly reason: string;
  /** Where it is one of these. */
  readonly cause?: GapCause;
  readonly cursor: LogCursor;
}

/** `stdout`, or `stdout.t3.n1` where there are several: a file name and a map key. */
export function streamText(stream: StreamId): string {
  const task = stream.task === 0 ? '' : `.t${stream.task}`;
  const node = stream.node === 0 ? '' : `.n${stream.node}`;
  return `${stream.name.replaceAll(/[^A-Za-z0-9_-]/gu, '_')}${task}${node}`;
}

export function sameStream(a: StreamId, b: StreamId): boolean {
  return streamText(a) === streamText(b);
}
