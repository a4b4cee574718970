import type { Clock } from '../../../core/ports.ts';
import type { Follower } from './follower.ts';

export interface JobEndsInput {
  readonly clock: Clock;
  /**
   * Which of these jobs have ended, and how long ago in ms where that is known, in as few requests as can be. A job that is not there any
   * more has ended.
   */
  readonly endedJobs: (ids: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, number | null>>;
}

/** In ms. */
const wait = {
  /** Between two questions whether jobs have ended, and how long a new reader waits for the answer. */
  ask: 10_000,
  known: 2000,
  /** How long after its end lines of a job may still come; the second where Cloud Logging was seen to show some late. */
  settle: 75_000,
  settleLate: 900_000,
  /** A job that ended so long ago has no lines to come. */
  longEnded: 1_200_000,
};

/** Learns which of the followed jobs have ended, and when no line of them can come any more. */
export class JobEnds {
  readonly #input: JobEndsInput;
  #sinceAsked = Number.POSITIVE_INFINITY;
  #isAsking = false;
  #settleMs = wait.settle;

  constructor(input: JobEndsInput) {
    this.#input = input;
  }

  passed(ms: number): void {
    this.#sinceAsked += ms;
  }

  /** Cloud Logging has shown lines late. */
  expectLateLines(): void {
    this.#settleMs = wait.settleLate;
  }

  /** Asks from time to time, and for new readers at once. Logs go on while nobody can say it: a region may be down. */
  async ask(followers: Iterable<Follower>, signal: AbortSignal): Promise<void> {
    const open = [...followers].filter(({ hasEnded }) => !hasEnded);
    const isNew = open.some(({ phase }) => phase === 'new');
    if (open.length > 0 && !this.#isAsking && (isNew || this.#sinceAsked >= wait.ask)) {
      const answered = new AbortController();
      const asking = this.#learn(open, signal).finally(() => answered.abort());
      const enough = AbortSignal.any([signal, answered.signal]);
      await Promise.race([asking, this.#input.clock.sleep(wait.known, enough).catch(() => undefined)]);
    }
  }

  async #learn(open: readonly Follower[], signal: AbortSignal): Promise<void> {
    this.#isAsking = true;
    this.#sinceAsked = 0;
    const ids = [...new Set(open.map(({ log }) => log.id))];
    const ended = await this.#input.endedJobs(ids, signal).catch(() => null);
    this.#isAsking = false;
    for (const follower of open) {
      const endedAgo = ended?.get(follower.log.id);
      if (endedAgo !== undefined && !follower.hasEnded) {
        follower.hasEnded = true;
        if (endedAgo !== null && endedAgo >= wait.longEnded) {
          follower.isSettled = true;
        } else {
          void this.#settle(follower);
        }
      }
    }
  }

  async #settle(follower: Follower): Promise<void> {
    const { signal } = follower.stop;
    for (let waited = 0; waited < this.#settleMs && !signal.aborted;) {
      const ms = this.#settleMs - waited;
      await this.#input.clock.sleep(ms, signal).catch(() => undefined);
      waited += ms;
    }
    follower.isSettled = true;
  }
}
