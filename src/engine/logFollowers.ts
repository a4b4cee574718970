import { Emitter, type Event } from '../core/event.ts';
import { type AttemptKey, type ConnectionId, type JobEvent, keyText, type RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Connection } from '../core/provider.ts';
import { isProviderError } from '../core/providerError.ts';
import type { FollowedAttempt } from './jobReader.ts';
import type { StoreChange } from './jobStore.ts';
import { attemptLogFolder } from './logFolder.ts';
import { type LogPositions, Superseded } from './logRecovery.ts';
import { LogSpool } from './logSpool.ts';
import { delayAfter } from './retry.ts';

/** The store as the followers see it. */
export interface FollowedLogs extends LogPositions {
  readonly onDidChange: Event<StoreChange>;
  attemptsToFollow(): readonly FollowedAttempt[];
  logChanged(runId: RunId): void;
  addEvent(runId: RunId, event: JobEvent): void;
}

export interface FollowerDeps {
  readonly store: FollowedLogs;
  readonly connections: { open(id: ConnectionId): Promise<Pick<Connection, 'logs'>> };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly root: string;
}

interface Follower {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  readonly ended: boolean;
}

/** In ms. */
const backoff = { first: 250, longest: 30_000 };
const lookEvery = 5_000;
const lookSoon = 100;
/** A connection that is silent for so long after an interruption works again, in ms. */
const trustAfter = 3_000;
/** Ended attempts whose log is fetched at the same time; there may be thousands after the store was lost. */
const maxEnded = 8;

/** Follows the log of every attempt that has one and is not complete; runs only in the leading window. */
export class LogFollowers {
  readonly #deps: FollowerDeps;
  readonly #running = new Map<string, Follower>();
  readonly #looked = new Emitter<void>();
  /** What is to be followed, as far as is known. */
  #attempts = new Map<string, FollowedAttempt>();
  #stop: AbortController | undefined;
  #subscription: { dispose(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#stop !== undefined) {
      return;
    }
    this.#stop = new AbortController();
    this.#subscription = this.#deps.store.onDidChange(() => {
      this.#soon ??= setTimeout(() => {
        this.#look();
      }, lookSoon).unref();
    });
    this.#timer = setInterval(() => {
      this.#look();
    }, lookEvery).unref();
    this.#look();
  }

  /** Resolves when everything that arrived is recorded and nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop?.abort(stopped);
    this.#stop = undefined;
    this.#subscription?.dispose();
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#soon = undefined;
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  #look(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#stop === undefined) {
      return;
    }
    this.#attempts = new Map(this.#deps.store.attemptsToFollow().map((attempt) => [keyText(attempt.key), attempt]));
    for (const [name, { stop }] of this.#running) {
      if (!this.#attempts.has(name)) {
        stop.abort(stopped);
      }
    }
    this.#beginAll(this.#stop.signal);
    this.#looked.fire();
  }

  #beginAll(signal: AbortSignal): void {
    let room = maxEnded - [...this.#running.values()].filter(({ ended }) => ended).length;
    for (const [name, attempt] of this.#attempts) {
      const ended = isTerminal(attempt.state);
      if (!this.#running.has(name) && (!ended || room > 0)) {
        room -= ended ? 1 : 0;
        this.#begin(name, attempt, ended, signal);
      }
    }
  }

  #begin(name: string, attempt: FollowedAttempt, ended: boolean, signal: AbortSignal): void {
    const stop = new AbortController();
    const done = this.#follow(attempt, AbortSignal.any([signal, stop.signal]))
      .catch((error: unknown) => {
        this.#deps.logger.error(`the log of ${name} cannot be followed`, error);
      })
      .finally(() => {
        this.#running.delete(name);
        this.#attempts.delete(name);
        if (ended && !signal.aborted) {
          this.#beginAll(signal);
        }
      });
    this.#running.set(name, { stop, done, ended });
  }

  /** Until the log is complete, reconnecting for as long as it takes. Rejects only when the store can record nothing. */
  async #follow(attempt: FollowedAttempt, signal: AbortSignal): Promise<void> {
    const { store, clock, logger, root } = this.#deps;
    const { key } = attempt;
    const folder = attemptLogFolder(root, key);
    let told: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      const outcome = await this.#pass(attempt, folder, failures > 0, signal);
      if (outcome.kind === 'complete') {
        store.logChanged(key.runId);
        return;
      }
      if (outcome.kind === 'superseded' || signal.aborted) {
        return;
      }
      if (outcome.kind === 'quiet') {
        failures = 0;
        await this.#untilEnded(key, signal);
        continue;
      }
      failures = outcome.progress ? 1 : failures + 1;
      logger.warn(`the log of ${keyText(key)} was interrupted`, outcome.error);
      if (outcome.ours && told !== outcome.error.message) {
        told = outcome.error.message;
        this.#tell(key, told);
      }
      await clock.sleep(delayAfter(outcome.error, failures, backoff), signal).catch(() => undefined);
    }
  }

  /** One connection to the provider, from the recorded cursor to wherever it ends. Everything that arrived is recorded after it. */
  async #pass(attempt: FollowedAttempt, folder: string, again: boolean, signal: AbortSignal): Promise<Outcome> {
    const { store, clock } = this.#deps;
    // Only a pass that began after the end has surely seen everything.
    const ended = this.#hasEnded(attempt.key);
    let spool: LogSpool | undefined;
    let from: LogSpool['cursor'] = null;
    try {
      spool = await LogSpool.open({ key: attempt.key, folder, positions: store, clock });
      from = spool.cursor;
      const connection = await this.#deps.connections.open(attempt.connectionId).catch((error: unknown) => {
        throw new NotConnected(error);
      });
      await this.#copy(connection, attempt, spool, again, signal);
      await spool.settle(ended ? 'complete' : standing(spool));
      return { kind: ended ? 'complete' : 'quiet' };
    } catch (error) {
      return await this.#interrupted(attempt.key, spool, from, error, signal);
    } finally {
      await spool?.close().catch(() => undefined);
    }
  }

  async #copy(
    connection: Pick<Connection, 'logs'>,
    attempt: FollowedAttempt,
    spool: LogSpool,
    again: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const trust = again ? this.#trustLater(spool) : undefined;
    try {
      for await (const item of connection.logs(attempt.handle, spool.cursor, signal)) {
        await spool.append(item);
        signal.throwIfAborted();
      }
    } finally {
      clearTimeout(trust);
    }
  }

  /** A job that prints nothing for a while is not interrupted only because nothing has come since. */
  #trustLater(spool: LogSpool): NodeJS.Timeout {
    return setTimeout(() => {
      spool.settle(standing(spool)).catch((error: unknown) => {
        this.#deps.logger.warn('a log could not be recorded', error);
      });
    }, trustAfter).unref();
  }

  async #interrupted(
    key: AttemptKey,
    spool: LogSpool | undefined,
    from: LogSpool['cursor'],
    cause: unknown,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const failure = spool === undefined ? cause : spool.failure;
    const error = asError(failure ?? cause);
    if (error instanceof Superseded) {
      return { kind: 'superseded' };
    }
    const progress = spool !== undefined && spool.cursor !== from;
    const ours = spool === undefined || failure !== undefined;
    try {
      if (!ours && !signal.aborted && this.#hasEnded(key) && isLost(error)) {
        const cause = isProviderError(error) && error.tag === 'notFound' ? 'expired' : undefined;
        await spool?.noteGap(`the rest of the log is no longer there: ${error.message}`, cause);
        await spool?.settle('complete');
        return { kind: 'complete' };
      }
      if (spool !== undefined && !ours) {
        await spool.settle(signal.aborted ? standing(spool) : 'interrupted');
      } else {
        this.#recordInterruption(key);
      }
    } catch (secondError) {
      // The first error is the one to tell; nothing is lost, for what is not recorded is fetched again.
      this.#deps.logger.debug(`the log of ${keyText(key)} could not be recorded`, secondError);
    }
    return { kind: 'interrupted', error, ours, progress };
  }

  #recordInterruption(key: AttemptKey): void {
    const state = this.#deps.store.logState(key);
    this.#deps.store.recordLog(key, { ...state, status: 'interrupted' }, state);
  }

  #hasEnded(key: AttemptKey): boolean {
    const state = this.#attempts.get(keyText(key))?.state;
    return state !== undefined && isTerminal(state);
  }

  async #untilEnded(key: AttemptKey, signal: AbortSignal): Promise<void> {
    while (!this.#hasEnded(key) && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => {
        resolve();
      };
      const subscription = this.#looked.event(wake);
      signal.addEventListener('abort', wake);
      await promise;
      subscription.dispose();
      signal.removeEventListener('abort', wake);
    }
  }

  /** On the job's timeline, for it is the person who can do something about it. */
  #tell({ runId, attempt }: AttemptKey, text: string): void {
    try {
      this.#deps.store.addEvent(runId, {
        at: this.#deps.clock.now(),
        attempt,
        kind: 'log',
        state: null,
        text,
        native: null,
      });
    } catch (error) {
      this.#deps.logger.error(text, error);
    }
  }
}

type Outcome =
  | { readonly kind: 'complete' }
  /** The provider had no more, but the attempt goes on as far as we know. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'superseded' }
  /** `ours`: this machine could not write, as against the provider could not be read. */
  | { readonly kind: 'interrupted'; readonly error: Error; readonly ours: boolean; readonly progress: boolean };

/** Whoever was asked was not the provider: its connection is gone or badly set up, which says nothing about the log. */
class NotConnected extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const stopped = new DOMException('the follower stops', 'AbortError');

/** How a log stands that is being followed. */
function standing(spool: LogSpool): 'none' | 'following' {
  return spool.isEmpty ? 'none' : 'following';
}

/** However often the provider is asked, it will not hand the rest out. */
function isLost(error: unknown): boolean {
  return isProviderError(error) && (error.tag === 'notFound' || error.tag === 'unsupported' || error.tag === 'invalid');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
