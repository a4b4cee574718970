import type { Clock } from '../../../core/ports.ts';
import { isProviderError } from '../../../core/providerError.ts';
import { tailFilter } from './logQuery.ts';
import type { LogSource, TailAnswer } from './logSource.ts';

export interface TailListener {
  onAnswer(answer: TailAnswer): void;
  /** The session ended: what came meanwhile has to be found otherwise. */
  onClosed(): void;
}

/** In ms. */
const wait = {
  /** The jobs are left alone for so long before a session is opened for them. */
  calm: 2000,
  /** A session that was not refused by then is open. */
  open: 5000,
  /** After one that ended, as each does after an hour. */
  ended: 1000,
  failed: 30_000,
  /** A project has ten sessions, which others use as well. */
  refused: 300_000,
};

/** One tail session for some jobs, opened again whenever it ends. It makes lines come sooner and is relied upon for nothing. */
export class LogTail {
  isOpen = false;
  readonly #source: LogSource;
  readonly #clock: Clock;
  readonly #listener: TailListener;
  #jobs = '';
  #stop = new AbortController();

  constructor(source: LogSource, clock: Clock, listener: TailListener) {
    this.#source = source;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** From now on these jobs; none closes it. */
  follow(ids: readonly string[]): void {
    const jobs = ids.toSorted().join(' ');
    if (jobs === this.#jobs) {
      return;
    }
    this.#jobs = jobs;
    this.#stop.abort();
    this.isOpen = false;
    this.#stop = new AbortController();
    if (ids.length > 0) {
      void this.#run(tailFilter(ids), this.#stop.signal);
    }
  }

  async #run(filter: string, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(wait.calm, signal).catch(() => undefined);
    while (!signal.aborted) {
      const ended = new AbortController();
      const session = AbortSignal.any([signal, ended.signal]);
      void this.#openAfterAWhile(session);
      let pause = wait.ended;
      try {
        for await (const answer of this.#source.tail(filter, session)) {
          if (signal.aborted) {
            return;
          }
          this.isOpen = true;
          this.#listener.onAnswer(answer);
        }
      } catch (error) {
        pause = pauseAfter(error);
      }
      ended.abort();
      if (signal.aborted) {
        return;
      }
      this.isOpen = false;
      this.#listener.onClosed();
      await this.#clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  async #openAfterAWhile(session: AbortSignal): Promise<void> {
    await this.#clock.sleep(wait.open, session).catch(() => undefined);
    if (!session.aborted) {
      this.isOpen = true;
    }
  }
}

function pauseAfter(error: unknown): number {
  if (!isProviderError(error) || error.tag === 'transient') {
    return wait.failed;
  }
  const isOver = error.raw?.includes('maximum allowed duration') === true;
  return isOver ? wait.ended : wait.refused;
}
