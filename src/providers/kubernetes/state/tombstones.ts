import type { Observation } from '../../../core/provider.ts';

/** What was last known of runs that we deleted: an answer for whoever still asks. */
export class Tombstones {
  readonly #last = new Map<string, Observation>();
  readonly #cancelled = new Map<string, Observation>();

  /** Remembers how a run is that is about to be deleted. */
  expect(run: string, last: Observation | null): void {
    if (last !== null) {
      this.#last.set(run, last);
    }
  }

  isExpected(run: string): boolean {
    return this.#last.has(run) || this.#cancelled.has(run);
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
