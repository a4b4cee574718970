import type { Ask } from '../../../../core/ask.ts';
import { ProviderError } from '../../../../core/providerError.ts';
import type { Patience } from '../patience.ts';

/** Longer ones are cut: they come from a server, or from a file. */
const mostText = 2000;

/**
 * Questions about one connection that is being made. Every one of them waits for the person as long as the server does. When the
 * person goes away, `dismissed` is called and with that the attempt is over.
 */
export class Prompter {
  readonly #ask: Ask;
  readonly #patience: Patience;
  readonly #signal: AbortSignal;
  readonly #dismissed: (error: ProviderError) => void;

  constructor(ask: Ask, patience: Patience, signal: AbortSignal, dismissed: (error: ProviderError) => void) {
    this.#ask = ask;
    this.#patience = patience;
    this.#signal = signal;
    this.#dismissed = dismissed;
  }

  /** For what may need the person without asking through us: an agent that wants a key to be touched. */
  async waitFor<T>(work: () => Promise<T>): Promise<T> {
    return this.#patience.hold(work);
  }

  /** What was typed. Throws `auth` when the person went away. */
  async type(title: string, prompt: string, isSecret: boolean): Promise<string> {
    const typed = await this.#patience.hold(async () =>
      this.#ask.type(
        { title: plain(title), prompt: plain(prompt), value: '', isSecret, check: () => null },
        this.#signal,
      ),
    );
    if (typed === undefined) {
      throw this.#end(`"${plain(title)}" was not answered.`);
    }
    return typed;
  }

  /** Throws `auth` when the person does not agree. */
  async confirm(title: string, detail: string, yes: string, refusal: string): Promise<void> {
    const agreed = await this.#patience.hold(async () => this.#ask.confirm({ title, detail, yes }, this.#signal));
    if (!agreed) {
      throw this.#end(refusal);
    }
  }

  #end(message: string): ProviderError {
    const error = new ProviderError('auth', message, { remedy: 'Test the connection to be asked again.' });
    this.#dismissed(error);
    return error;
  }
}

/** Text of a server without anything that could move a cursor or pass for ours. */
export function plain(text: string): string {
  return text
    .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/gu, '')
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, mostText);
}
