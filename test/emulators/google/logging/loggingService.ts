import { setTimeout as delay } from 'node:timers/promises';
import { GoogleApiError, rateLimited } from '../apiError.ts';
import { type Filter, parseFilter } from '../filter.ts';
import type { Handler } from '../grpc/grpcServer.ts';
import type { Project } from '../project.ts';
import type { CloudClock } from '../time.ts';
import { type LogStore, type StoredEntry, fieldOf } from './logStore.ts';

interface ListRequest {
  readonly resourceNames: readonly string[];
  readonly filter: string;
  readonly orderBy: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

interface TailRequest {
  readonly resourceNames: readonly string[];
  readonly filter: string;
  readonly bufferWindow: { readonly seconds: string; readonly nanos: number } | null;
}

interface TailSession {
  end: GoogleApiError | null;
  wake: () => void;
}

const filterLimit = 20_000;

/** LoggingServiceV2 as far as logs are read with it. */
export class LoggingService {
  /** Of `entries.list`, for the whole project. */
  readsPerMinute = 60;
  sessionLimit = 10;
  /** Some entries stand twice in a list, as after an agent's retry. */
  isDoubling = false;
  readonly #store: LogStore;
  readonly #project: Project;
  readonly #clock: CloudClock;
  readonly #reads: number[] = [];
  readonly #sessions = new Set<TailSession>();
  #suppressed: { left: number; readonly reason: 'RATE_LIMIT' | 'NOT_CONSUMED' } = { left: 0, reason: 'RATE_LIMIT' };

  constructor(store: LogStore, project: Project, clock: CloudClock) {
    this.#store = store;
    this.#clock = clock;
    this.#project = project;
  }

  get handlers(): Readonly<Record<string, Handler>> {
    return {
      ListLogEntries: { kind: 'unary', handle: (request) => this.#list(request as ListRequest) },
      TailLogEntries: { kind: 'stream', handle: (request, signal) => this.#tail(request as TailRequest, signal) },
    };
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  /** The next entries that tail sessions would send are left out and only counted. */
  suppress(count: number, reason: 'RATE_LIMIT' | 'NOT_CONSUMED' = 'RATE_LIMIT'): void {
    this.#suppressed = { left: count, reason };
  }

  /** Ends every tail session as the service does after an hour, or with another error. */
  endSessions(error?: GoogleApiError): void {
    const end =
      error ??
      new GoogleApiError(
        'OUT_OF_RANGE',
        'Session has run for the maximum allowed duration of 1h. To continue, start another session with the same request.',
      );
    for (const session of this.#sessions) {
      session.end = end;
      session.wake();
    }
  }

  #list({ resourceNames, filter, orderBy, pageSize, pageToken }: ListRequest): object {
    this.#countRead();
    const isMatch = this.#filterOf(resourceNames, filter);
    if (!['', 'timestamp asc', 'timestamp desc'].includes(orderBy)) {
      throw new GoogleApiError('INVALID_ARGUMENT', `Unsupported order_by "${orderBy}".`);
    }
    const direction = orderBy === 'timestamp desc' ? -1 : 1;
    const after = pageToken === '' ? null : decodeToken(pageToken, filter);
    const rest = this.#store.entries
      .filter((stored) => this.#store.isVisible(stored) && isMatch((path) => fieldOf(stored, path)))
      .filter((stored) => after === null || byTime(stored, after) * direction > 0)
      .toSorted((a, b) => byTime(a, b) * direction);
    const page = rest.slice(0, Math.min(pageSize === 0 ? 50 : pageSize, 1000));
    const last = page.at(-1);
    return {
      entries: page.flatMap(({ entry }, index) => (this.isDoubling && index % 3 === 0 ? [entry, entry] : [entry])),
      nextPageToken: last === undefined || page.length === rest.length ? '' : encodeToken(last, filter),
    };
  }

  async *#tail(
    { resourceNames, filter, bufferWindow }: TailRequest,
    signal: AbortSignal,
  ): AsyncGenerator<object, void> {
    const isMatch = this.#filterOf(resourceNames, filter);
    if (this.#sessions.size >= this.sessionLimit) {
      throw new GoogleApiError('RESOURCE_EXHAUSTED', 'There are too many tail sessions open.');
    }
    const windowMs =
      bufferWindow === null ? 2000 : Number(bufferWindow.seconds) * 1000 + bufferWindow.nanos / 1_000_000;
    let changed = Promise.withResolvers<void>();
    const session: TailSession = { end: null, wake: () => changed.resolve() };
    const wake = (): void => session.wake();
    const sent = new Set(this.#store.entries.filter((stored) => this.#store.isVisible(stored)));
    const stopListening = this.#store.onAdd(wake);
    signal.addEventListener('abort', wake);
    this.#sessions.add(session);
    try {
      for (;;) {
        // Entries that were late become visible without anything being added.
        await Promise.race([changed.promise, delay(100)]);
        changed = Promise.withResolvers();
        if (session.end === null) {
          await delay(windowMs, undefined, { signal }).catch(() => undefined);
        }
        if (signal.aborted) {
          return;
        }
        if (session.end !== null) {
          throw session.end;
        }
        const answer = this.#nextAnswer(sent, isMatch);
        if (answer !== null) {
          yield answer;
        }
      }
    } finally {
      stopListening();
      this.#sessions.delete(session);
    }
  }

  #nextAnswer(sent: Set<StoredEntry>, isMatch: Filter): object | null {
    const ready = this.#store.entries.filter((stored) => this.#store.isVisible(stored) && !sent.has(stored));
    ready.forEach((stored) => sent.add(stored));
    const matching = ready.filter((stored) => isMatch((path) => fieldOf(stored, path))).toSorted(byTime);
    if (matching.length === 0) {
      return null;
    }
    const suppressedCount = Math.min(this.#suppressed.left, matching.length);
    this.#suppressed.left -= suppressedCount;
    return {
      entries: matching.slice(suppressedCount).map(({ entry }) => entry),
      suppressionInfo: suppressedCount === 0 ? [] : [{ reason: this.#suppressed.reason, suppressedCount }],
    };
  }

  #filterOf(resourceNames: readonly string[], filter: string): Filter {
    if (resourceNames.length === 0 || filter.length > filterLimit) {
      throw new GoogleApiError('INVALID_ARGUMENT', 'resource_names or filter is not usable.');
    }
    const ours = new Set([`projects/${this.#project.id}`, `projects/${this.#project.number}`]);
    const isOurs = resourceNames.some((name) => ours.has(name));
    const isMatch = parseFilter(filter);
    return (resolve) => isOurs && isMatch(resolve);
  }

  #countRead(): void {
    const now = this.#clock.machine();
    while ((this.#reads[0] ?? now) <= now - 60_000) {
      this.#reads.shift();
    }
    if (this.#reads.length >= this.readsPerMinute) {
      throw rateLimited('logging.googleapis.com', 'Read requests', 'Read requests per minute', this.#project.number);
    }
    this.#reads.push(now);
  }
}

interface Place {
  readonly nanos: bigint;
  readonly entry: { readonly insertId: string };
}

/** Entries of the same time are ordered by their insert id. */
function byTime(a: Place, b: Place): number {
  if (a.nanos !== b.nanos) {
    return a.nanos < b.nanos ? -1 : 1;
  }
  const [first, second] = [a.entry.insertId, b.entry.insertId];
  return first < second ? -1 : Number(first > second);
}

function encodeToken({ nanos, entry }: Place, filter: string): string {
  return Buffer.from(JSON.stringify([String(nanos), entry.insertId, filter])).toString('base64url');
}

/** A token is good for the query that it came with. */
function decodeToken(token: string, filter: string): Place {
  try {
    const [nanos, insertId, of] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [string, string, string];
    if (of === filter) {
      return { nanos: BigInt(nanos), entry: { insertId } };
    }
  } catch {
    // It is none of ours.
  }
  throw new GoogleApiError('INVALID_ARGUMENT', 'page_token is invalid or does not belong to this query.');
}
