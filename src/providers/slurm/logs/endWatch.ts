import type { Clock } from '../../../core/ports.ts';
import type { RunName } from '../../../core/runName.ts';
import type { Job } from '../handle.ts';

/** All in ms. */
const lookEvery = 5_000;
const lookSoon = 150;
const lookSoonFor = 15_000;

interface Waiter {
  readonly job: Job;
  readonly done: () => void;
  /** Since when it seems to have ended. */
  hintedAt: number | null;
}

/** Waits for the ends of runs, all of them with one question at a time. */
export class EndWatch {
  readonly #ended: (jobs: readonly Job[], signal: AbortSignal) => Promise<ReadonlySet<RunName>>;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiter>();
  #wake = new AbortController();
  #isRunning = false;

  /** `ended`: which of the jobs have ended, or are gone. */
  constructor(ended: (jobs: readonly Job[], signal: AbortSignal) => Promise<ReadonlySet<RunName>>, clock: Clock) {
    this.#ended = ended;
    this.#clock = clock;
  }

  /** Resolves when the run has ended or the signal is aborted. `hint`: aborted when it seems to have. */
  async until(job: Job, hint: AbortSignal, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      resolve();
    };
    const waiter: Waiter = { job, done, hintedAt: null };
    const onHint = (): void => {
      waiter.hintedAt = this.#clock.now();
      this.#wake.abort();
    };
    const onAbort = (): void => {
      done();
      this.#wake.abort();
    };
    this.#waiting.add(waiter);
    hint.addEventListener('abort', onHint);
    signal.addEventListener('abort', onAbort);
    if (hint.aborted) {
      onHint();
    }
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiter);
      hint.removeEventListener('abort', onHint);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Somebody else has seen these ended. */
  notice(ended: Iterable<RunName>): void {
    const names = new Set(ended);
    for (const waiter of this.#waiting) {
      if (names.has(waiter.job.run)) {
        waiter.done();
      }
    }
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#wake = new AbortController();
      await this.#clock.sleep(this.#pause(), this.#wake.signal).catch(() => undefined);
      const jobs = [...new Map([...this.#waiting].map(({ job }) => [job.run, job])).values()];
      if (jobs.length > 0) {
        // Who follows the log hears of a lost connection from there.
        this.notice(await this.#ended(jobs, new AbortController().signal).catch(() => []));
      }
      await Promise.resolve();
    }
    this.#isRunning = false;
  }

  #pause(): number {
    const now = this.#clock.now();
    const isSoon = [...this.#waiting].some(({ hintedAt }) => hintedAt !== null && now - hintedAt < lookSoonFor);
    return isSoon ? lookSoon : lookEvery;
  }
}
