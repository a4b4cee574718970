import type { Clock } from '../../../src/core/ports.ts';

/** Lets readers wait for the next change of anything, or for a moment that is known. */
export class Changes {
  #waiting = new Set<() => void>();

  fire(): void {
    const woken = this.#waiting;
    this.#waiting = new Set();
    for (const wake of woken) {
      wake();
    }
  }

  /** Resolves at the next change or at `dueAt`. Rejects with the signal's reason. */
  async next(dueAt: number | null, clock: Clock, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const stop = new AbortController();
    const changed = Promise.withResolvers<void>();
    const wake = (): void => {
      changed.resolve();
    };
    const abort = (): void => {
      changed.reject(signal.reason);
    };
    this.#waiting.add(wake);
    signal.addEventListener('abort', abort, { once: true });
    const due = dueAt === null ? [] : [clock.sleep(Math.max(1, dueAt - clock.now()), stop.signal)];
    try {
      await Promise.race([changed.promise, ...due]);
    } finally {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', abort);
      stop.abort();
      await Promise.allSettled(due);
    }
  }
}
