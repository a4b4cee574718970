import type { Failure } from './failure.ts';
import type { PlainLine } from './linePrefix.ts';

/** The lines of one process that together tell of one failure, while they come in. */
export interface Block {
  /** False when the line is not part of it: then it has ended. */
  push(line: PlainLine): boolean;
  /** What its lines amount to; null when they only looked like a failure. */
  failure(): Failure | null;
}
