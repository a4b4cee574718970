import { keyText } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { isProviderError, isRetryable } from '../core/providerError.ts';
import type { Connections } from './connections.ts';
import type { FollowedAttempt, JobStore } from './jobStore.ts';
import { attemptLogFolder } from './logFolder.ts';
import { LogSpool } from './logSpool.ts';
import { delayAfter } from './retry.ts';

export interface FollowerDeps {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly root: string;
}

/** In ms. */
const backoff = { first: 500, longest: 30_000 };
const look = 5_000;

/** Follows the log of every attempt that has one and is not complete; runs only in the leading window. */
export class LogFollowers {
  readonly #deps: FollowerDeps;
  readonly #running = new Map<string, Promise<void>>();
  #stop: AbortController | undefined;
  #subscription: { dispose(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#stop !== undefined) {
      return;
    }
    this.#stop = new AbortController();
    this.#subscription = this.#deps.store.onDidChange(() => {
      this.#look();
    });
    this.#timer = setInterval(() => {
      this.#look();
    }, look);
    this.#timer.unref();
    this.#look();
  }

  /** Resolves when everything that arrived is recorded and nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop?.abort(new DOMException('the follower stops', 'AbortError'));
    this.#stop = undefined;
    this.#subscription?.dispose();
    clearInterval(this.#timer);
    await Promise.allSettled(this.#running.values());
  }

  #look(): void {
    const { signal } = this.#stop ?? {};
    if (signal === undefined) {
      return;
    }
    for (const attempt of this.#deps.store.attemptsToFollow()) {
      const name = keyText(attempt.key);
      if (!this.#running.has(name)) {
        const run = this.#follow(attempt, signal)
          .catch((error: unknown) => {
            if (!signal.aborted) {
              this.#deps.logger.error(`the log of ${name} cannot be followed`, error);
            }
          })
          .finally(() => {
            this.#running.delete(name);
          });
        this.#running.set(name, run);
      }
    }
  }

  /** Until the log is complete, reconnecting for as long as it takes. */
  async #follow(attempt: FollowedAttempt, signal: AbortSignal): Promise<void> {
    const { store, clock, logger, root } = this.#deps;
    const { key } = attempt;
    for (let failures = 0; !signal.aborted; ) {
      const spool = await LogSpool.open({ key, folder: attemptLogFolder(root, key), positions: store, clock });
      const before = spool.cursor;
      try {
        await this.#copy(attempt, spool, signal);
        spool.settle('complete');
        store.logChanged(key.runId);
        return;
      } catch (error) {
        if (signal.aborted) {
          spool.settle('following');
          return;
        }
        if (this.#isLost(attempt, error)) {
          await spool.append({ kind: 'gap', stream: null, from: null, to: null, reason: lostReason(error), cursor: spool.cursor ?? noCursor });
          spool.settle('complete');
          store.logChanged(key.runId);
          return;
        }
        failures = spool.cursor === before ? failures + 1 : 1;
        settleQuietly(spool);
        logger.warn(`the log of ${keyText(key)} was interrupted`, error);
        await clock.sleep(delayAfter(error, failures, backoff), signal).catch(() => undefined);
      } finally {
        await spool.close();
      }
    }
  }

  async #copy(attempt: FollowedAttempt, spool: LogSpool, signal: AbortSignal): Promise<void> {
    const connection = await this.#deps.connections.open(attempt.connectionId);
    for await (const item of connection.logs(attempt.handle, spool.cursor, signal)) {
      await spool.append(item);
    }
  }

  /** The attempt has ended and its provider will not hand the rest out however often it is asked. */
  #isLost(attempt: FollowedAttempt, error: unknown): boolean {
    const state = this.#deps.store.job(attempt.key.runId)?.attempts.at(attempt.key.attempt - 1)?.state;
    return state !== undefined && isTerminal(state) && isProviderError(error) && !isRetryable(error) && error.tag !== 'auth';
  }
}

const noCursor = '' as NonNullable<LogSpool['cursor']>;

function lostReason(error: unknown): string {
  return `the rest of the log is no longer there: ${error instanceof Error ? error.message : String(error)}`;
}

/** The disk may be what failed; then the next try finds the last record. */
function settleQuietly(spool: LogSpool): void {
  try {
    spool.settle('interrupted');
  } catch {
    // Said already by the error that led here.
  }
}
