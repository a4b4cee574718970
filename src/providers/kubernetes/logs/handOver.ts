/** Passes items from several who make them to one who takes them; the makers wait while too many lie there. */
export class HandOver<T> {
  readonly #items: T[] = [];
  readonly #most: number;
  #change = Promise.withResolvers<void>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when there is room for the next. */
  async put(item: T, signal: AbortSignal): Promise<void> {
    this.#items.push(item);
    this.#signalChange();
    while (this.#items.length > this.#most && !signal.aborted) {
      await this.#change.promise;
    }
    signal.throwIfAborted();
  }

  take(): T | undefined {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#signalChange();
    }
    return item;
  }

  /** Resolves at the next change: something was put or taken, or `wake` was called. */
  async changed(): Promise<void> {
    await this.#change.promise;
  }

  wake(): void {
    this.#signalChange();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  #signalChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
