import type { EpochMs } from '../../../core/job.ts';
import type { Clock } from '../../../core/ports.ts';
import type { VertexJob } from '../client/jobs.ts';

/** How long a job that failed may be without its error, in ms. */
const errorWithinMs = 30_000;
/**
 * How long one is remembered at least, in ms: until it has been asked about again after its time, as one that were forgotten before would
 * have its time anew.
 */
const forgottenAfterMs = 10 * 60_000;
/** The most jobs that are remembered. */
const most = 1000;

/** Vertex AI may say that a job has failed a moment before it says why. */
export class LateErrors {
  readonly #clock: Clock;
  /** When jobs were first seen failed without an error, by name. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while the reason of the job's end is still to come. */
  isAwaited({ name, state, error }: VertexJob): boolean {
    if (state !== 'JOB_STATE_FAILED' || (error?.message ?? '') !== '') {
      this.#since.delete(name);
      return false;
    }
    const now = this.#clock.now();
    const since = this.#since.get(name) ?? now;
    if (!this.#since.has(name)) {
      if (!this.#makeRoom(now)) {
        return false;
      }
      this.#since.set(name, since);
    }
    // A clock that was set back ends it, too.
    return Math.abs(now - since) < errorWithinMs;
  }

  /** False where all that are remembered may still be asked about. */
  #makeRoom(now: EpochMs): boolean {
    const [oldest] = this.#since;
    if (this.#since.size < most || oldest === undefined) {
      return true;
    }
    const [name, since] = oldest;
    return Math.abs(now - since) > forgottenAfterMs && this.#since.delete(name);
  }
}
