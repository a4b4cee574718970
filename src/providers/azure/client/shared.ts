/** Asked for once by all who want it at the same time, and kept; one of them going away does not take it from the others. */
export class Shared<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  #asked: Promise<T> | null = null;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  async get(signal: AbortSignal): Promise<T> {
    this.#asked ??= this.#ask(new AbortController().signal).catch((error: unknown) => {
      this.#asked = null;
      throw error;
    });
    return untilAborted(this.#asked, signal);
  }

  forget(): void {
    this.#asked = null;
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
