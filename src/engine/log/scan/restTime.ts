import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** When a thread has to let others have the processor. */
export class RestTime {
  #until = 0;

  /** Nothing is done for so long, in ms. */
  rest(ms: number): void {
    this.#until = performance.now() + ms;
  }

  /** Lets messages come in; resolves once the rest is over. */
  async over(): Promise<void> {
    await turn();
    while (performance.now() < this.#until) {
      await sleep(this.#until - performance.now());
    }
  }
}
