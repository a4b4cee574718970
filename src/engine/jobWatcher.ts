import type { Disposable } from '../core/event.ts';
import type { ConnectionId, EpochMs } from '../core/job.ts';
import type { CancellationDeps } from './cancellation.ts';
import { ConnectionWatch } from './connectionWatch.ts';

/** All in ms. */
const tickInterval = 1_000;
/** The clock moved by this much more, or less, than the time that passed: sleep, or somebody set it. */
const jump = 5_000;
/** Changes that come in a burst are looked at once. */
const lookAfter = 100;

interface Running {
  readonly watch: ConnectionWatch;
  readonly ended: Promise<void>;
}

/**
 * Asks every connection about its live attempts and writes what it learns; runs only in the leading window. An error of one
 * connection leaves the others alone, and nothing stops the questions while an attempt is live.
 */
export class JobWatcher {
  readonly #deps: CancellationDeps;
  readonly #running = new Map<ConnectionId, Running>();
  #stop: AbortController | undefined;
  #subscription: Disposable | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #lastTick: EpochMs = 0;

  constructor(deps: CancellationDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#stop !== undefined) {
      return;
    }
    this.#stop = new AbortController();
    this.#subscription = this.#deps.store.onDidChange(() => {
      this.#lookTimer ??= setTimeout(() => {
        this.#look();
      }, lookAfter);
    });
    this.#lastTick = this.#deps.clock.now();
    this.#ticks = setInterval(() => {
      this.#tick();
    }, tickInterval);
    this.#ticks.unref();
    this.#look();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop?.abort(new DOMException('the watcher stops', 'AbortError'));
    this.#stop = undefined;
    this.#subscription?.dispose();
    clearInterval(this.#ticks);
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    await Promise.all(
      [...this.#running.values()].map(async ({ ended }) => {
        await ended;
      }),
    );
  }

  /** Asks a connection now instead of when its turn comes. */
  poke(connectionId: ConnectionId): void {
    this.#running.get(connectionId)?.watch.wake();
  }

  /** The same for all of them. */
  pokeAll(): void {
    for (const { watch } of this.#running.values()) {
      watch.wake();
    }
  }

  /** Timers stand still while the machine sleeps, so they say nothing about how old the newest answer is. */
  #tick(): void {
    const now = this.#deps.clock.now();
    const drift = now - this.#lastTick - tickInterval;
    this.#lastTick = now;
    if (Math.abs(drift) > jump) {
      this.#look();
      this.pokeAll();
    }
  }

  /** Starts a watch for every connection that has live attempts and none yet, and tells the others what is new. */
  #look(): void {
    this.#lookTimer = undefined;
    const stop = this.#stop;
    if (stop === undefined) {
      return;
    }
    try {
      for (const [connectionId, live] of Map.groupBy(
        this.#deps.store.liveAttempts(),
        (attempt) => attempt.connectionId,
      )) {
        const running = this.#running.get(connectionId);
        if (running === undefined) {
          this.#begin(connectionId, stop.signal);
        } else {
          running.watch.notice(live);
        }
      }
    } catch (error) {
      this.#deps.logger.error('the live jobs could not be read; it is tried again', error);
      this.#lookTimer = setTimeout(() => {
        this.#look();
      }, tickInterval);
    }
  }

  #begin(connectionId: ConnectionId, signal: AbortSignal): void {
    const watch = new ConnectionWatch(this.#deps, connectionId);
    const ended = watch.run(signal).finally(() => {
      this.#running.delete(connectionId);
      // An attempt may have been accepted while it ended.
      this.#look();
    });
    this.#running.set(connectionId, { watch, ended });
  }
}
