/** How long things take, in ms. */
export interface Timing {
  /** In each state before a job runs: NotStarted, Queued, Preparing. */
  readonly step: number;
  /** From a line that is printed to its being in storage. */
  readonly logFlush: number;
  /** From the end of the user's program to the end of the job. */
  readonly finalize: number;
  /** From a wish to cancel to the processes being ended. */
  readonly cancel: number;
  /** What a program that was asked to end has left. */
  readonly grace: number;
  /** From a preemption to the job's next try. */
  readonly requeue: number;
}

/** What a test waits for; the order of events is that of the real service. */
export const quickTiming: Timing = { step: 10, logFlush: 20, finalize: 20, cancel: 20, grace: 500, requeue: 50 };
