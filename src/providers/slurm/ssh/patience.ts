/** A time limit that stands still while a person is asked something. */
export class Patience {
  readonly #ms: number;
  readonly #lost: () => void;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;
  #over = false;

  /** Calls `lost` once, when so many ms have passed without an answer. */
  constructor(ms: number, lost: () => void) {
    this.#ms = ms;
    this.#lost = lost;
    this.#start();
  }

  /** Whether somebody is being asked now. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** Waits for something that takes as long as it takes; then the limit begins anew. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1;
    clearTimeout(this.#timer);
    try {
      return await work();
    } finally {
      this.#held -= 1;
      if (this.#held === 0) {
        this.#start();
      }
    }
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    if (!this.#over) {
      this.#timer = setTimeout(this.#lost, this.#ms);
    }
  }
}
