import type { NeedleSet } from './needles.ts';

/** What is seen of some of the lines that were looked at, one after another. Valid until the next call. */
export interface VisibleLines {
  /** 0-based, in order. */
  readonly numbers: Uint32Array;
  readonly visible: Buffer;
}

/** Looks at some lines of a log at a time, in memory of its own. */
export interface ByteScan {
  /** Read into these and nothing need be copied; two, so that one is filled while the other is looked at. */
  readonly buffers: readonly [Buffer, Buffer];
  countLineFeeds(bytes: Uint8Array): number;
  /**
   * What a person sees of whole lines, at most `mostBytes` of them: no escape sequences, no carriage returns before a line feed.
   * Valid until the next call. The last line may lack its line feed.
   */
  visible(lines: Uint8Array): Buffer;
  /** Of whole lines, at most `mostBytes` of them, those in which one of the needles is seen: 0-based, in order. Valid until the next call. */
  linesWith(lines: Uint8Array, needles: NeedleSet): Uint32Array;
  /** The same lines as `linesWith` finds, as `visible` gives them. */
  visibleWith(lines: Uint8Array, needles: NeedleSet): VisibleLines;
}

/** In what is looked at together. */
export const mostBytes = 1024 * 1024;
/** In each buffer. With less at a time, asking the system takes longer than being answered. */
export const bufferBytes = 2 * mostBytes;
