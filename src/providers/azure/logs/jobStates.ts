import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import { Shared } from '../client/shared.ts';

type Observations = ReadonlyMap<string, Observation>;

/** `gone`: Azure does not know the job any more. */
export type SeenState = Observation['state'] | 'gone';

/**
 * What is known of the states of jobs whose logs are followed. All of them are asked about at once, and not at all while somebody else
 * keeps observing them.
 */
export class JobStates {
  readonly #observe: (handles: readonly Handle[], signal: AbortSignal) => Promise<Observations>;
  readonly #clock: Clock;
  /** Those that are followed, with how many follow each. */
  readonly #followed = new Map<string, { readonly handle: Handle; count: number }>();
  readonly #seen = new Map<string, { readonly state: SeenState; readonly at: number }>();
  readonly #asked: Shared<void>;

  constructor(observe: (handles: readonly Handle[], signal: AbortSignal) => Promise<Observations>, clock: Clock) {
    this.#observe = observe;
    this.#clock = clock;
    this.#asked = new Shared(async (signal) => this.#ask(signal));
  }

  /** Until the returned function is called. */
  follow(handle: Handle): () => void {
    const followed = this.#followed.get(handle.id) ?? { handle, count: 0 };
    followed.count += 1;
    this.#followed.set(handle.id, followed);
    return () => {
      followed.count -= 1;
      if (followed.count === 0) {
        this.#followed.delete(handle.id);
        this.#seen.delete(handle.id);
      }
    };
  }

  /** Somebody has observed jobs. */
  notice(handles: readonly Handle[], observations: Observations): void {
    const at = this.#clock.now();
    for (const { id } of handles) {
      if (this.#followed.has(id)) {
        this.#seen.set(id, { state: observations.get(id)?.state ?? 'gone', at });
      }
    }
  }

  /** What was true at most so many ms ago. The job must be followed. */
  async state(handle: Handle, mostAge: number, signal: AbortSignal): Promise<SeenState> {
    for (;;) {
      const seen = this.#seen.get(handle.id);
      if (seen !== undefined && Math.abs(this.#clock.now() - seen.at) <= mostAge) {
        return seen.state;
      }
      await this.#asked.get(signal);
      const answered = this.#seen.get(handle.id);
      if (answered !== undefined && answered !== seen) {
        return answered.state;
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    // Those that begin to follow at the same time share one question.
    await Promise.resolve();
    const handles = [...this.#followed.values()].map(({ handle }) => handle);
    this.notice(handles, await this.#observe(handles, signal));
    this.#asked.forget();
  }
}
