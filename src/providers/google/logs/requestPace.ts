import type { Clock } from '../../../core/ports.ts';

/** The most rests that may be cut short, in a row or one after each that was not. */
const mostCredit = 5;
/** In ms. */
const backOff = { first: 5000, most: 60_000 };

/** Keeps requests so far apart that a project's 60 a minute are enough for others too. */
export class RequestPace {
  readonly #clock: Clock;
  #credit = mostCredit;
  #wake = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something cannot wait: cuts the rest short, where there is credit. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Resolves to false where it was cut short. */
  async rest(ms: number, signal: AbortSignal): Promise<boolean> {
    let isWhole = true;
    if (this.#credit > 0) {
      const over = new AbortController();
      const slept = this.#clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(
        () => true,
        () => false,
      );
      isWhole = await Promise.race([slept, this.#wake.promise.then(() => false)]);
      over.abort();
      this.#credit = isWhole ? Math.min(mostCredit, this.#credit + 1) : this.#credit - 1;
    } else {
      await this.#clock.sleep(ms, signal).catch(() => undefined);
      this.#credit = 1;
    }
    this.#wake = Promise.withResolvers();
    return isWhole;
  }

  /** After the service has refused so often in a row. */
  async backOff(refusals: number, atLeastMs: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(backOff.first * 2 ** (refusals - 1), backOff.most);
    await this.#clock.sleep(Math.max(ms, atLeastMs), signal).catch(() => undefined);
  }
}
