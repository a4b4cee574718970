import { type ConnectionId, type EpochMs, keyText } from '../core/job.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Connection, Observation } from '../core/provider.ts';
import { type Connections, connectionLabel } from './connections.ts';
import type { JobStore, LiveAttempt } from './jobStore.ts';
import { pollInterval } from './pollInterval.ts';
import { backoffDelay, delayAfter } from './retry.ts';

export interface WatcherDeps {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** All in ms. */
const answerWithin = 30_000;
/** A job that a provider does not list is asked for again before it is given up. */
const vanishedAfter = 5_000;
const cancelAgainAfter = 15_000;
const errorBackoff = { first: 2_000, longest: 60_000 };
/** New work is noticed at once; without news the watcher still looks this often for connections to poll. */
const idleLook = 5_000;

interface Watched {
  readonly connectionId: ConnectionId;
  lastChange: EpochMs;
  failures: number;
  readonly missingSince: Map<string, EpochMs>;
  readonly cancelSentAt: Map<string, EpochMs>;
}

/**
 * Asks every connection about its live attempts, all of them in one call, and writes what it learns. Runs only in the leading
 * window. An error of one connection leaves the others alone; nothing stops it while an attempt is live.
 */
export class JobWatcher {
  readonly #deps: WatcherDeps;
  readonly #watched = new Map<ConnectionId, Watched>();
  readonly #loops = new Map<ConnectionId, Promise<void>>();
  readonly #wake = new Map<ConnectionId, () => void>();
  #stop: AbortController | undefined;
  #subscription: { dispose(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: WatcherDeps) {
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
    }, idleLook);
    this.#timer.unref();
    this.#look();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop?.abort(new DOMException('the watcher stops', 'AbortError'));
    this.#stop = undefined;
    this.#subscription?.dispose();
    clearInterval(this.#timer);
    await Promise.allSettled(this.#loops.values());
  }

  /** Asks a connection now instead of when its turn comes. */
  poke(connectionId: ConnectionId): void {
    this.#wake.get(connectionId)?.();
  }

  /** Starts a loop for every connection that has live attempts and none yet. */
  #look(): void {
    const { signal } = this.#stop ?? {};
    if (signal === undefined) {
      return;
    }
    for (const connectionId of new Set(this.#deps.store.liveAttempts().map((attempt) => attempt.connectionId))) {
      if (!this.#loops.has(connectionId)) {
        const loop = this.#loop(connectionId, signal).finally(() => {
          this.#loops.delete(connectionId);
          this.#wake.delete(connectionId);
        });
        this.#loops.set(connectionId, loop);
      }
    }
  }

  #live(connectionId: ConnectionId): readonly LiveAttempt[] {
    return this.#deps.store.liveAttempts().filter((attempt) => attempt.connectionId === connectionId);
  }

  async #loop(connectionId: ConnectionId, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    const watched: Watched = this.#watched.get(connectionId) ?? {
      connectionId,
      lastChange: clock.now(),
      failures: 0,
      missingSince: new Map(),
      cancelSentAt: new Map(),
    };
    this.#watched.set(connectionId, watched);
    const pushed = new AbortController();
    const pushes = this.#followPushes(watched, AbortSignal.any([signal, pushed.signal]));
    try {
      for (let live = this.#live(connectionId); live.length > 0 && !signal.aborted; live = this.#live(connectionId)) {
        const wait = await this.#poll(watched, live, signal);
        await this.#sleep(connectionId, wait, signal);
      }
    } catch (error) {
      if (!signal.aborted) {
        logger.error(`watching ${connectionId} stopped`, error);
      }
    } finally {
      pushed.abort(new DOMException('no live attempts', 'AbortError'));
      await pushes;
    }
  }

  /** One question; returns how long to wait before the next, in ms. */
  async #poll(watched: Watched, live: readonly LiveAttempt[], signal: AbortSignal): Promise<number> {
    const { store, connections, clock, logger } = this.#deps;
    const { connectionId } = watched;
    const asked = clock.now();
    try {
      const connection = await connections.open(connectionId);
      await this.#deliverCancels(watched, live, connection, signal);
      const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithin)]);
      const answers = await connection.observe(live.map((attempt) => attempt.handle), within);
      const known = live.flatMap((attempt) => {
        const observation = answers.get(attempt.handle.id);
        return observation === undefined ? [] : [{ key: attempt.key, observation }];
      });
      watched.failures = 0;
      const changed = store.observe(known);
      this.#judgeMissing(watched, live, answers);
      this.#judgeWaiting(live);
      const now = clock.now();
      // The clock was set back: what seemed to lie ahead is now.
      watched.lastChange = changed.length > 0 ? now : Math.min(watched.lastChange, now);
      return pollInterval({
        starting: live.some((attempt) => attempt.state !== 'running' || attempt.cancelRequestedAt !== null),
        quietMs: now - watched.lastChange,
      });
    } catch (error) {
      if (signal.aborted) {
        throw error;
      }
      watched.failures += 1;
      const message = error instanceof Error ? error.message : String(error);
      logger.warn(`${connectionId} did not answer (${watched.failures}, asked at ${asked}): ${message}`);
      store.observeFailed(connectionId, message);
      return delayAfter(error, watched.failures, errorBackoff);
    }
  }

  /** A job that its provider no longer lists, twice and some seconds apart, has ended without us. */
  #judgeMissing(watched: Watched, live: readonly LiveAttempt[], answers: ReadonlyMap<string, Observation>): void {
    const { store, connections, clock } = this.#deps;
    const now = clock.now();
    for (const { handle, key, cancelRequestedAt } of live) {
      if (answers.has(handle.id)) {
        watched.missingSince.delete(handle.id);
        continue;
      }
      const since = Math.min(watched.missingSince.get(handle.id) ?? now, now);
      watched.missingSince.set(handle.id, since);
      if (now - since >= vanishedAfter) {
        watched.missingSince.delete(handle.id);
        const label = connectionLabel(connections, watched.connectionId);
        const cancelled = cancelRequestedAt !== null;
        store.endAttempt(
          key,
          cancelled ? 'cancelled' : 'failed',
          cancelled ? null : `no longer known to ${label}: it was deleted there, or its record ran out`,
          null,
        );
      }
    }
  }

  /** Our own limit on waiting: no provider needs to know of it. */
  #judgeWaiting(live: readonly LiveAttempt[]): void {
    const { store, clock } = this.#deps;
    for (const attempt of live) {
      const { waitMs } = attempt.spec.limits;
      const waiting = attempt.startedAt === null && attempt.cancelRequestedAt === null;
      if (waitMs !== null && waiting && clock.now() - attempt.acceptedAt > waitMs) {
        store.addEvent(attempt.key.runId, {
          at: clock.now(),
          attempt: attempt.key.attempt,
          kind: 'cancel',
          state: null,
          text: 'It waited longer than its limit and is given up',
          native: null,
        });
        store.requestCancel(attempt.key.runId);
      }
    }
  }

  /** A wish to cancel is repeated until the provider says that the job has ended. */
  async #deliverCancels(
    watched: Watched,
    live: readonly LiveAttempt[],
    connection: Connection,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#deps;
    for (const { key, handle, cancelRequestedAt } of live) {
      const name = keyText(key);
      const sentAt = watched.cancelSentAt.get(name);
      const now = clock.now();
      if (cancelRequestedAt !== null && (sentAt === undefined || Math.abs(now - sentAt) > cancelAgainAfter)) {
        await connection.cancel(handle, signal);
        watched.cancelSentAt.set(name, now);
        watched.lastChange = now;
      }
    }
  }

  /** Where the backend can push, what it says is written at once; polling goes on below it. */
  async #followPushes(watched: Watched, signal: AbortSignal): Promise<void> {
    const { store, connections, clock, logger } = this.#deps;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const connection = await connections.open(watched.connectionId);
        if (connection.watch === undefined) {
          return;
        }
        for await (const { handleId, observation } of connection.watch(signal)) {
          failures = 0;
          const attempt = this.#live(watched.connectionId).find(({ handle }) => handle.id === handleId);
          if (attempt !== undefined && store.observe([{ key: attempt.key, observation }]).length > 0) {
            watched.lastChange = clock.now();
          }
        }
      } catch (error) {
        if (!signal.aborted) {
          logger.warn(`${watched.connectionId} stopped pushing`, error);
        }
      }
      await clock.sleep(backoffDelay(failures + 1, errorBackoff, Math.random()), signal).catch(() => undefined);
    }
  }

  async #sleep(connectionId: ConnectionId, ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake.set(connectionId, () => {
      woken.abort();
    });
    await this.#deps.clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
  }
}
