/** Timers that all end with the cluster. */
export class Timers {
  readonly #open = new Set<NodeJS.Timeout>();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  after(ms: number, work: () => void): () => void {
    if (this.#isStopped) {
      return () => undefined;
    }
    const timer = setTimeout(() => {
      this.#open.delete(timer);
      work();
    }, ms);
    this.#open.add(timer);
    return () => {
      clearTimeout(timer);
      this.#open.delete(timer);
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#open) {
      clearTimeout(timer);
    }
    this.#open.clear();
  }
}

/** Work by key, done once however often it was asked for meanwhile; the earliest time that was asked for counts. */
export class WorkQueue {
  readonly #timers: Timers;
  readonly #work: (key: string) => void;
  readonly #due = new Map<string, { readonly at: number; readonly cancel: () => void }>();

  constructor(timers: Timers, work: (key: string) => void) {
    this.#timers = timers;
    this.#work = work;
  }

  add(key: string, afterMs: number): void {
    const at = Date.now() + afterMs;
    const planned = this.#due.get(key);
    if (planned !== undefined && planned.at <= at) {
      return;
    }
    planned?.cancel();
    const cancel = this.#timers.after(afterMs, () => {
      this.#due.delete(key);
      this.#work(key);
    });
    this.#due.set(key, { at, cancel });
  }
}
