import { untilAborted } from '../client/shared.ts';

interface Work<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/** Work that is done once for all who want it while it is under way, and given up when nobody wants it any more. */
export class Joined<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #current: Work<T> | null = null;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const current = this.#current ?? this.#begin();
    current.waiting += 1;
    try {
      return await untilAborted(current.result, signal);
    } finally {
      current.waiting -= 1;
      if (current.waiting === 0) {
        current.stop.abort();
        this.#end(current);
      }
    }
  }

  #begin(): Work<T> {
    const stop = new AbortController();
    const result = this.#work(stop.signal);
    const current: Work<T> = { result, stop, waiting: 0 };
    this.#current = current;
    const end = (): void => {
      this.#end(current);
    };
    result.then(end, end);
    return current;
  }

  /** Whoever comes now begins anew. */
  #end(current: Work<T>): void {
    if (this.#current === current) {
      this.#current = null;
    }
  }
}
