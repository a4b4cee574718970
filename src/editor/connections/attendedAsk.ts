import type { Ask, ChooseQuestion, ConfirmQuestion, TypeQuestion } from '../../core/ask.ts';

/** Asks, and knows whether somebody is being asked right now: who waits for an answer from afar should be patient then. */
export class AttendedAsk implements Ask {
  readonly #ask: Ask;
  #open = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  get isAsking(): boolean {
    return this.#open > 0;
  }

  async choose(question: ChooseQuestion, signal: AbortSignal): Promise<string | undefined> {
    return await this.#attended(this.#ask.choose(question, signal));
  }

  async type(question: TypeQuestion, signal: AbortSignal): Promise<string | undefined> {
    return await this.#attended(this.#ask.type(question, signal));
  }

  async confirm(question: ConfirmQuestion, signal: AbortSignal): Promise<boolean> {
    return await this.#attended(this.#ask.confirm(question, signal));
  }

  async #attended<T>(answer: Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await answer;
    } finally {
      this.#open -= 1;
    }
  }
}
