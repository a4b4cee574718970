import { type AttemptKey, type ConnectionId, type EpochMs, keyText } from '../core/job.ts';
import { waits } from '../core/jobState.ts';
import { isTold } from '../core/observe.ts';
import type { Observation } from '../core/provider.ts';
import { writeDuration } from '../core/quantity.ts';
import { waitLimit } from '../core/waitLimit.ts';
import { type CancellationDeps, deliverCancel } from './cancellation.ts';
import { connectionAbilities } from './connections.ts';
import { explain } from './errorNote.ts';
import type { LiveAttempt } from './jobReader.ts';
import { pollInterval } from './pollInterval.ts';
import { delayAfter, within } from './retry.ts';
import { waitingSince } from './waitingSince.ts';

/** All in ms. */
const answerWithin = 30_000;
/** A job that a provider does not list is asked for again before it is given up. */
const vanishedAfter = 5_000;
const cancelAgainAfter = 10_000;
const errorBackoff = { first: 2_000, longest: 60_000 };
/** So many wishes to cancel are passed on between two questions. */
const cancelsAtOnce = 20;

/** Watches one connection's live attempts, all of them with one question, for as long as there are any. */
export class ConnectionWatch {
  readonly #deps: CancellationDeps;
  readonly #connectionId: ConnectionId;
  readonly #keys = new Map<string, AttemptKey>();
  readonly #missingSince = new Map<string, EpochMs>();
  readonly #cancelSentAt = new Map<string, EpochMs>();
  #known = new Set<string>();
  #lastChange: EpochMs;
  #failures = 0;
  #woken = new AbortController();

  constructor(deps: CancellationDeps, connectionId: ConnectionId) {
    this.#deps = deps;
    this.#connectionId = connectionId;
    this.#lastChange = deps.clock.now();
  }

  /** Asks now instead of when the time comes. */
  wake(): void {
    this.#woken.abort();
  }

  /** Wakes it when there is something among its live attempts that it has not dealt with. */
  notice(live: readonly LiveAttempt[]): void {
    if (live.some((attempt) => !this.#known.has(mark(attempt)))) {
      this.wake();
    }
  }

  /** Returns when no attempt is live any more or `signal` is aborted. Survives every error. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    const ended = new AbortController();
    const pushes = this.#followPushes(AbortSignal.any([signal, ended.signal]));
    while (!signal.aborted) {
      this.#woken = new AbortController();
      const wait = await this.#round(signal).catch((error: unknown) => {
        this.#failures += 1;
        if (!signal.aborted) {
          logger.error(`watching ${this.#connectionId} failed`, error);
        }
        return delayAfter(error, this.#failures, errorBackoff);
      });
      if (wait === undefined) {
        break;
      }
      await clock.sleep(wait, AbortSignal.any([signal, this.#woken.signal])).catch(() => undefined);
    }
    ended.abort();
    await pushes;
  }

  /** One question and what follows from the answer. How long to wait before the next, in ms; undefined: nothing left to ask. */
  async #round(signal: AbortSignal): Promise<number | undefined> {
    const live = this.#live();
    if (live.length === 0) {
      return undefined;
    }
    const news = live.map(mark).filter((name) => !this.#known.has(name));
    this.#known = new Set(live.map(mark));
    if (news.length > 0) {
      this.#lastChange = this.#deps.clock.now();
    }
    const wait = await this.#ask(live, signal);
    await this.#deliverCancels(live, signal);
    return wait;
  }

  #live(): readonly LiveAttempt[] {
    const live = this.#deps.store.liveAttempts().filter((attempt) => attempt.connectionId === this.#connectionId);
    this.#keys.clear();
    for (const { handle, key } of live) {
      this.#keys.set(handle.id, key);
    }
    return live;
  }

  async #ask(live: readonly LiveAttempt[], signal: AbortSignal): Promise<number> {
    const { store, connections, clock, logger } = this.#deps;
    let answers: ReadonlyMap<string, Observation>;
    try {
      const connection = await connections.open(this.#connectionId);
      const handles = live.map(({ handle }) => handle);
      answers = await within(
        answerWithin,
        clock,
        signal,
        async (limited) => await connection.observe(handles, limited),
        () => connections.isAsking(this.#connectionId),
      );
    } catch (error) {
      signal.throwIfAborted();
      this.#failures += 1;
      const { reason, native } = explain(error);
      logger.warn(`${this.#connectionId} did not answer (${this.#failures}): ${reason} ${native ?? ''}`);
      store.observeFailed(this.#connectionId, reason);
      return delayAfter(error, this.#failures, errorBackoff);
    }
    const known = live.flatMap(({ key, handle }) => {
      const observation = answers.get(handle.id);
      return observation === undefined ? [] : [{ key, observation }];
    });
    const changed = store.observe(known);
    this.#failures = 0;
    this.#judgeWaiting(live.filter(({ handle }) => isTold(answers.get(handle.id)?.state ?? 'unseen')));
    await this.#judgeMissing(live, answers, signal);
    const now = clock.now();
    // A clock that was set back: what seems to lie ahead is now.
    this.#lastChange = changed.length > 0 ? now : Math.min(this.#lastChange, now);
    return pollInterval({
      starting:
        this.#missingSince.size > 0 ||
        live.some(({ state, cancelRequestedAt }) => state !== 'running' || cancelRequestedAt !== null),
      quietMs: now - this.#lastChange,
    });
  }

  /** A job that is missing from two answers some seconds apart, and is not found by its key either, has ended without us. */
  async #judgeMissing(
    live: readonly LiveAttempt[],
    answers: ReadonlyMap<string, Observation>,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, connections, clock } = this.#deps;
    const now = clock.now();
    const missing = live.filter(({ handle }) => !answers.has(handle.id));
    const since = new Map(
      missing.map(({ handle }) => [handle.id, Math.min(this.#missingSince.get(handle.id) ?? now, now)]),
    );
    this.#missingSince.clear();
    for (const { handle, key, cancelRequestedAt } of missing) {
      const first = since.get(handle.id) ?? now;
      if (now - first < vanishedAfter) {
        this.#missingSince.set(handle.id, first);
      } else if (await this.#isGone(key, signal)) {
        const where = connections.label(this.#connectionId);
        const verdict = cancelRequestedAt === null ? 'failed' : 'cancelled';
        store.endAttempt(
          key,
          verdict,
          `no longer known to ${where}: it was removed there, or its record ran out`,
          null,
        );
      }
    }
  }

  async #isGone(key: AttemptKey, signal: AbortSignal): Promise<boolean> {
    const { connections, clock, logger } = this.#deps;
    try {
      const connection = await connections.open(this.#connectionId);
      return (
        (await within(answerWithin, clock, signal, async (limited) => await connection.find(key, limited))) === null
      );
    } catch (error) {
      signal.throwIfAborted();
      logger.warn(`${key.runId} is missing at ${this.#connectionId}, which cannot say why: ${explain(error).reason}`);
      return false;
    }
  }

  /**
   * Our own limit on waiting: no provider needs to know of it. `live`: those of which the provider has just said something, as the
   * others may have started meanwhile.
   */
  #judgeWaiting(live: readonly LiveAttempt[]): void {
    const { store, clock, connections } = this.#deps;
    const abilities = connectionAbilities(connections, this.#connectionId);
    for (const { key, spec, acceptedAt, state } of live) {
      const limit = waitLimit(spec, abilities);
      // Those that did not wait before the newest answer have not waited for long.
      if (limit === null || !waits(state) || clock.now() - acceptedAt <= limit) {
        continue;
      }
      const job = store.job(key.runId);
      const events = store.events(key.runId).filter(({ attempt }) => attempt === key.attempt);
      const since = job === undefined ? null : waitingSince(job, events, acceptedAt);
      if (since !== null && clock.now() - since > limit) {
        store.requestCancel(key.runId, `It waited longer than its limit of ${writeDuration(limit)} and is cancelled`);
      }
    }
  }

  /** A wish to cancel is repeated until the provider says that the job has ended. */
  async #deliverCancels(live: readonly LiveAttempt[], signal: AbortSignal): Promise<void> {
    const now = this.#deps.clock.now();
    const isDue = ({ handle, cancelRequestedAt }: LiveAttempt): boolean => {
      const sentAt = this.#cancelSentAt.get(handle.id);
      return cancelRequestedAt !== null && (sentAt === undefined || Math.abs(now - sentAt) > cancelAgainAfter);
    };
    const due = live.filter(isDue).slice(0, cancelsAtOnce);
    for (const { handle } of due) {
      this.#cancelSentAt.set(handle.id, now);
      this.#lastChange = now;
    }
    await Promise.all(
      due.map(async (attempt) => {
        await deliverCancel(this.#deps, attempt, signal);
      }),
    );
    if (due.length > 0) {
      this.wake();
    }
  }

  /** Where the backend can push, what it says is written at once; questions go on below it. */
  async #followPushes(signal: AbortSignal): Promise<void> {
    const { store, connections, clock, logger } = this.#deps;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const connection = await connections.open(this.#connectionId);
        if (connection.watch === undefined) {
          return;
        }
        for await (const { handleId, observation } of connection.watch(signal)) {
          failures = 1;
          const key = this.#keys.get(handleId);
          if (key !== undefined && store.observe([{ key, observation }]).length > 0) {
            this.#lastChange = clock.now();
          }
        }
      } catch (error) {
        if (!signal.aborted) {
          logger.warn(`${this.#connectionId} stopped pushing: ${explain(error).reason}`);
        }
      }
      await clock.sleep(delayAfter(undefined, failures, errorBackoff), signal).catch(() => undefined);
    }
  }
}

/** Tells apart what a watch must hear of: a new attempt, and a wish to cancel. */
function mark({ key, cancelRequestedAt }: LiveAttempt): string {
  return cancelRequestedAt === null ? keyText(key) : `${keyText(key)} cancel`;
}
