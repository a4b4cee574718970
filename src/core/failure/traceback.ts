import type { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';

/** One link of a chain of exceptions, while its lines come in. */
export interface Traceback {
  readonly draft: FailureDraft;
  /** Whether the exception itself has been read, so that the draft is a failure. */
  readonly complete: boolean;
  /** Whether its own header was printed. */
  readonly headed: boolean;
  /** False when the line is not part of it: then it has ended. */
  push(line: PlainLine): boolean;
}
