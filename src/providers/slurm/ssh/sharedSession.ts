import type { Ask } from '../../../core/ask.ts';
import type { Clock } from '../../../core/ports.ts';
import { isProviderError, type ProviderError } from '../../../core/providerError.ts';
import type { Session } from './session.ts';
import { untilAborted } from './untilAborted.ts';

/** After keys alone were refused: a server whose home folders hang refuses them for a while, and watchers ban who asks too often. */
const refusedKeysPauseMs = 300_000;

interface Refusal {
  readonly error: ProviderError;
  /** From then on it is tried again; null: when the person wants it. */
  readonly until: number | null;
}

/**
 * One connection for everybody, opened when it is first needed and again when it is lost.
 *
 * Nobody is asked the same thing again and again: when an attempt in which the person was asked ends with `auth` (a question was
 * dismissed or not answered in time, or what was typed was wrong), everything rejects with that error, without a word to the server,
 * until `openForPerson` is called. When keys alone were refused, until then or for five minutes. An attempt belongs to nobody: that
 * those who wait for it give up does not take a question away from somebody who is just answering it.
 */
export class SharedSession {
  readonly #connect: (ask: Ask, signal: AbortSignal) => Promise<Session>;
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #disposed = new AbortController();
  #attempt: Promise<Session> | null = null;
  #session: Session | null = null;
  #refusal: Refusal | null = null;

  constructor(connect: (ask: Ask, signal: AbortSignal) => Promise<Session>, ask: Ask, clock: Clock) {
    this.#connect = connect;
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Rejects with the last refusal while that stands. */
  async open(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    this.#disposed.signal.throwIfAborted();
    if (this.#session?.isOpen === true) {
      return this.#session;
    }
    const refusal = this.#refusal;
    if (refusal !== null && (refusal.until === null || refusal.until > this.#clock.now())) {
      throw refusal.error;
    }
    this.#attempt ??= this.#begin().finally(() => {
      this.#attempt = null;
    });
    return untilAborted([signal, this.#disposed.signal], this.#attempt);
  }

  /** The same when the person has asked for it just now, and may be asked in turn. */
  async openForPerson(signal: AbortSignal): Promise<Session> {
    this.#refusal = null;
    return this.open(signal);
  }

  dispose(reason: ProviderError): void {
    this.#disposed.abort(reason);
    this.#session?.close();
  }

  async #begin(): Promise<Session> {
    let wasAsked = false;
    const noting =
      <Question, Answer>(ask: (question: Question, signal: AbortSignal) => Promise<Answer>) =>
      async (question: Question, signal: AbortSignal): Promise<Answer> => {
        wasAsked = true;
        return ask(question, signal);
      };
    const ask: Ask = {
      choose: noting(async (question, signal) => this.#ask.choose(question, signal)),
      type: noting(async (question, signal) => this.#ask.type(question, signal)),
      confirm: noting(async (question, signal) => this.#ask.confirm(question, signal)),
    };
    try {
      const session = await this.#connect(ask, this.#disposed.signal);
      if (this.#disposed.signal.aborted) {
        session.close();
      }
      this.#session = session;
      this.#refusal = null;
      return session;
    } catch (error) {
      if (isProviderError(error) && error.tag === 'auth') {
        this.#refusal = { error, until: wasAsked ? null : this.#clock.now() + refusedKeysPauseMs };
      }
      throw error;
    }
  }
}
