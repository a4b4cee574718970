import { setImmediate as nextTurn } from 'node:timers/promises';

const sliceMs = 4;

/**
 * Lets synchronous file calls share the thread. They are five to ten times cheaper than the asynchronous ones for thousands
 * of small files, so work is done in slices of a few ms with the event loop in between.
 */
export class Pace {
  readonly #signal: AbortSignal;
  #sliceEnd = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** True when the slice is used up: time to `rest`. Throws the signal's reason once it is aborted. */
  get isSpent(): boolean {
    this.#signal.throwIfAborted();
    return performance.now() > this.#sliceEnd;
  }

  /** Lets everything else that waits have its turn. */
  async rest(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
    this.#sliceEnd = performance.now() + sliceMs;
  }

  /** Waits `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, ms);
      if (signal.aborted) {
        abort();
      } else {
        signal.addEventListener('abort', abort, { once: true });
      }
    });
  }
}
