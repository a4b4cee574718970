import type { JobLog } from './jobLog.ts';
import { TailedLines } from './tailedLines.ts';

/** Somebody who reads the log of a job. */
export class Follower {
  readonly log: JobLog;
  readonly tailed: TailedLines;
  /** Aborted when nobody reads any more. */
  readonly stop = new AbortController();
  phase: 'new' | 'catchingUp' | 'live' = 'new';
  /** New lines of a tail session that were ignored and that no list has brought yet. */
  ignoredLines = 0;
  hasEnded = false;
  /** It has ended, and so long ago that nothing comes any more. */
  isSettled = false;
  /** The minute up to which it was looked at again. */
  lookedAgainTo = 0;

  constructor(log: JobLog) {
    this.log = log;
    this.tailed = new TailedLines(log);
  }
}
