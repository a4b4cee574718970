import { Emitter, type Event } from '../../core/event.ts';
import type { ConnectionId, EpochMs } from '../../core/job.ts';
import type { Offer } from '../../core/offer.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { Identity } from '../../core/provider.ts';
import { isProviderError, type ProviderErrorTag } from '../../core/providerError.ts';
import type { Connections } from '../../engine/connections.ts';
import { within } from '../../engine/retry.ts';
import { t } from '../l10n.ts';

export interface Problem {
  readonly message: string;
  readonly remedy: string | null;
  /** The provider's own words. */
  readonly raw: string | null;
  readonly tag: ProviderErrorTag | null;
}

/** What is known of a connection. */
export interface Health {
  /** A question is under way. */
  readonly isAsking: boolean;
  /** When it last answered; null before the first answer. */
  readonly answeredAt: EpochMs | null;
  /** As it last answered. */
  readonly identity: Identity | null;
  readonly offers: readonly Offer[];
  /** Why the last question had no answer; null when it had one. */
  readonly problem: Problem | null;
}

export interface HealthDeps {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
}

const unknown: Health = { isAsking: false, answeredAt: null, identity: null, offers: [], problem: null };
/** In ms. */
const answerWithin = 20_000;
/** An answer is good for this long while somebody looks, in ms. */
export const askEvery = 60_000;

/** Who we are at each connection and what it can give, as they last said. Each is asked on its own, and only while somebody looks. */
export class ConnectionHealth {
  readonly #deps: HealthDeps;
  readonly #known = new Map<ConnectionId, Health>();
  readonly #asking = new Map<ConnectionId, Promise<void>>();
  readonly #changed = new Emitter<ConnectionId | undefined>();
  readonly #lookers = new Set<object>();
  readonly #stop = new AbortController();
  readonly #subscription: { dispose(): void };
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#subscription = deps.connections.onDidChange(() => {
      this.#forgetGone();
      this.#changed.fire(undefined);
      if (this.#lookers.size > 0) {
        void this.refresh();
      }
    });
  }

  /** Fires with the connection that something is known of; with undefined when the list of them changed. */
  get onDidChange(): Event<ConnectionId | undefined> {
    return this.#changed.event;
  }

  of(id: ConnectionId): Health {
    return this.#known.get(id) ?? unknown;
  }

  /** While anybody looks, connections are asked now and then. One that wants its person to sign in is left alone. */
  setLooking(looker: object, isLooking: boolean): void {
    if (isLooking) {
      this.#lookers.add(looker);
      this.#askOutdated();
      this.#timer ??= setInterval(() => {
        this.#askOutdated();
      }, askEvery / 4).unref();
    } else {
      this.#lookers.delete(looker);
    }
    if (this.#lookers.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Asks all of them now. Resolves when each has answered or has not in time; never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#deps.connections.list().map(async ({ id }) => {
        await this.ask(id);
      }),
    );
  }

  /** Asks one of them now, or waits for the answer that is under way. Never rejects. */
  async ask(id: ConnectionId): Promise<Health> {
    const asking = this.#asking.get(id) ?? this.#ask(id);
    this.#asking.set(id, asking);
    await asking;
    return this.of(id);
  }

  /** What somebody else was just told. */
  note(id: ConnectionId, identity: Identity, offers: readonly Offer[]): void {
    this.#set(id, { isAsking: false, answeredAt: this.#deps.clock.now(), identity, offers, problem: null });
  }

  /** That somebody else was just refused. */
  fail(id: ConnectionId, error: unknown): void {
    this.#set(id, { ...this.of(id), isAsking: false, problem: problemOf(error) });
  }

  #askOutdated(): void {
    const now = this.#deps.clock.now();
    for (const { id } of this.#deps.connections.list()) {
      const { answeredAt, problem } = this.of(id);
      const isFresh = problem === null && answeredAt !== null && Math.abs(now - answeredAt) < askEvery;
      if (!isFresh && problem?.tag !== 'auth') {
        void this.ask(id);
      }
    }
  }

  async #ask(id: ConnectionId): Promise<void> {
    const { connections, clock, logger } = this.#deps;
    this.#set(id, { ...this.of(id), isAsking: true });
    try {
      const [identity, offers] = await within(
        answerWithin,
        clock,
        this.#stop.signal,
        async (signal) => {
          const connection = await connections.open(id);
          return await Promise.all([connection.identity(signal), connection.offers({}, signal)]);
        },
        () => connections.isAsking(id),
      );
      this.#asking.delete(id);
      this.note(id, identity, offers);
    } catch (error) {
      this.#asking.delete(id);
      if (!this.#stop.signal.aborted) {
        logger.warn(`${id} did not say how it is`, error);
        this.fail(id, error);
      }
    }
  }

  #set(id: ConnectionId, health: Health): void {
    if (this.#deps.connections.list().some((info) => info.id === id)) {
      this.#known.set(id, health);
      this.#changed.fire(id);
    }
  }

  #forgetGone(): void {
    const ids = new Set(this.#deps.connections.list().map(({ id }) => id));
    for (const id of this.#known.keys()) {
      if (!ids.has(id)) {
        this.#known.delete(id);
      }
    }
  }

  dispose(): void {
    this.#stop.abort(new DOMException('the window closes', 'AbortError'));
    clearInterval(this.#timer);
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** A word or two for a problem that has some; empty for others. */
export function problemWord({ tag }: Problem): string {
  switch (tag) {
    case 'auth':
      return t('signed out');
    case 'transient':
      return t('not reachable');
    case 'rateLimited':
      return t('too busy');
    default:
      return '';
  }
}

function problemOf(error: unknown): Problem {
  if (isProviderError(error)) {
    return { message: error.message, remedy: error.remedy ?? null, raw: error.raw ?? null, tag: error.tag };
  }
  return { message: error instanceof Error ? error.message : String(error), remedy: null, raw: null, tag: null };
}
