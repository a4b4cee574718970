import type { Clock } from '../../../core/ports.ts';
import type { RunDetails, RunHistory } from '../client/runHistory.ts';
import { Shared } from '../client/shared.ts';

export interface RunLook {
  /** null when the run history does not know the run, or not yet. */
  readonly details: RunDetails | null;
  readonly at: number;
}

/** Of more than so many logs that are at their end, those that came there first are looked at once more. */
const mostSettled = 2000;

/** What the run history says of runs whose logs are followed, asked for once by all who want it at the same time. */
export class RunLooks {
  readonly #history: Pick<RunHistory, 'details'>;
  readonly #clock: Clock;
  readonly #looks = new Map<string, RunLook>();
  readonly #asked = new Map<string, Shared<RunLook>>();
  /** Ended, and waited for: nothing more comes. */
  readonly #settled = new Set<string>();

  constructor(history: Pick<RunHistory, 'details'>, clock: Clock) {
    this.#history = history;
    this.#clock = clock;
  }

  /** At most so many ms old. */
  async look(job: string, mostAge: number, signal: AbortSignal): Promise<RunLook> {
    const known = this.#looks.get(job);
    if (known !== undefined && Math.abs(this.#clock.now() - known.at) <= mostAge) {
      return known;
    }
    const asked = this.#asked.get(job) ?? new Shared(async (until) => this.#ask(job, until));
    this.#asked.set(job, asked);
    return asked.get(signal);
  }

  isSettled(job: string): boolean {
    return this.#settled.has(job);
  }

  settle(job: string): void {
    this.#settled.add(job);
    const [oldest] = this.#settled;
    if (oldest !== undefined && this.#settled.size > mostSettled) {
      this.#settled.delete(oldest);
    }
  }

  forget(job: string): void {
    this.#looks.delete(job);
    this.#asked.delete(job);
  }

  async #ask(job: string, signal: AbortSignal): Promise<RunLook> {
    const at = this.#clock.now();
    const look = { details: await this.#history.details(job, signal), at };
    this.#looks.set(job, look);
    this.#asked.delete(job);
    return look;
  }
}
