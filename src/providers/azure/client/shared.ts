interface Asked<T> {
  readonly promise: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Asked for once by all who want it at the same time, and kept. One of them going away does not take it from the others; when all
 * have gone it is asked no more, so that a question that is never answered keeps nobody who comes later.
 */
export class Shared<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  #asked: Asked<T> | null = null;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  async get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const asked = (this.#asked ??= this.#begin());
    asked.waiting += 1;
    try {
      return await untilAborted(asked.promise, signal);
    } catch (error) {
      if (this.#asked === asked && (!signal.aborted || asked.waiting === 1)) {
        this.#asked = null;
      }
      throw error;
    } finally {
      asked.waiting -= 1;
      if (asked.waiting === 0) {
        asked.stop.abort();
      }
    }
  }

  forget(): void {
    this.#asked = null;
  }

  #begin(): Asked<T> {
    const stop = new AbortController();
    const promise = this.#ask(stop.signal);
    // Somebody waits for it, or nobody wants to know any more.
    promise.catch(() => undefined);
    return { promise, stop, waiting: 0 };
  }
}

/** Rejects with the signal's reason when it is aborted first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
