import type { Observation } from '../../../core/provider.ts';

/** What was last known of runs that we deleted: an answer for whoever still asks. */
export class Tombstones {
  readonly #last = new Map<string, Observation>();
  readonly #cancelled = new Map<string, Observation>();

  /** Remembers how a run is that is about to be deleted. What it gives back undoes that, when the run is not deleted after all. */
  expect(run: string, last: Observation | null): () => void {
    const before = this.#last.get(run);
    if (last === null || this.#cancelled.has(run)) {
      return () => undefined;
    }
    this.#last.set(run, last);
    return () => {
      if (before === undefined) {
        this.#last.delete(run);
      }
    };
  }

  /** How a run ended that is gone; null for one that we did not delete. */
  answer(run: string, now: number): Observation | null {
    const last = this.#last.get(run);
    if (last !== undefined && !this.#cancelled.has(run)) {
      this.#cancelled.set(run, {
        ...last,
        state: 'cancelled',
        nativeState: 'Deleted',
        reason: null,
        observedAt: now,
        endedAt: now,
        exitCode: null,
        signal: null,
        nodes: last.nodes.map((node) => ({ ...node, state: 'cancelled' })),
      });
      this.#last.delete(run);
    }
    return this.#cancelled.get(run) ?? null;
  }

  forget(run: string): void {
    this.#last.delete(run);
    this.#cancelled.delete(run);
  }
}
