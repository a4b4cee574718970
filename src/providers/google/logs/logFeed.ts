import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { Clock } from '../../../core/ports.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { type FollowedJob, JobLog, entriesByJob } from './jobLog.ts';
import { type Overlap, jobsInFilter, listFilter } from './logQuery.ts';
import type { LogSource, TailAnswer } from './logSource.ts';
import { LogTail } from './logTail.ts';
import { RequestPace } from './requestPace.ts';

export interface LogFeedInput {
  readonly source: LogSource;
  readonly clock: Clock;
  /**
   * Which of these jobs have ended, and how long ago in ms where that is known, in as few requests as can be. A job that is not there any
   * more has ended.
   */
  readonly endedJobs: (ids: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, number | null>>;
}

/** In ms. */
const wait = {
  /** Between two looks for what is new; the second while a tail session brings it. */
  look: 5000,
  lookTailed: 20_000,
  /** Before the next page of the same look. */
  page: 1500,
  /** How long a line waits for others that were printed before it. */
  order: 6000,
  /** Between two looks further back, for lines that came late. */
  lookBack: 60_000,
  /** How long after its end lines of a job may still come. */
  settle: 75_000,
  /** Between two questions whether jobs have ended, and how long a new reader waits for the answer. */
  askEnds: 10_000,
  endsKnown: 2000,
  /** A job that ended so long ago has no lines to come. */
  longEnded: 600_000,
};

const near: Overlap = { seconds: 15, most: 1000 };
/** Longer than `lookBack` and what lines may be late together, so that each of them is looked for in time. */
const far: Overlap = { seconds: 130, most: 5000 };
/** So often in a row the service may refuse because of too many requests. */
const refusalLimit = 6;

type Phase = 'new' | 'catchingUp' | 'live';

interface Follower {
  readonly log: JobLog;
  phase: Phase;
  hasEnded: boolean;
  /** It has ended, and so long ago that nothing comes any more. */
  isSettled: boolean;
  readonly stop: AbortController;
}

/** One query, page by page. */
interface Look {
  readonly followers: readonly Follower[];
  readonly filter: string;
  readonly isLive: boolean;
  readonly isFar: boolean;
  /** Those that had settled when it began: after it they have everything. */
  readonly last: ReadonlySet<Follower>;
  /** How many lines a tail session had left out when it began, and why. */
  readonly leftOut: { readonly count: number; readonly reason: string };
  found: number;
  pageToken: string;
}

/**
 * The logs of all followed jobs of a connection. They are found by one query for all of them, however many there are, because a
 * project may ask for entries 60 times a minute; a tail session brings lines sooner.
 */
export class LogFeed {
  readonly #input: LogFeedInput;
  readonly #followers = new Set<Follower>();
  readonly #pace: RequestPace;
  readonly #tail: LogTail;
  #looks: Look[] = [];
  #running: AbortController | null = null;
  /** A look for what is new is due. */
  #isDue = false;
  #sinceLook = 0;
  #sinceFar = 0;
  #sinceAsked = Number.POSITIVE_INFINITY;
  #isAsking = false;
  #refusals = 0;
  #leftOut: { count: number; reason: string } = { count: 0, reason: '' };

  constructor(input: LogFeedInput) {
    this.#input = input;
    this.#pace = new RequestPace(input.clock);
    this.#tail = new LogTail(input.source, input.clock, {
      onAnswer: (answer) => this.#takeTailed(answer),
      onClosed: () => this.#hurry(),
    });
  }

  /** The log of a job from the cursor on, until it has ended and everything was handed out. */
  async *read(job: FollowedJob, cursor: LogCursor | null, signal: AbortSignal): AsyncGenerator<LogItem, void> {
    signal.throwIfAborted();
    const stop = new AbortController();
    const log = new JobLog(job, cursor);
    const follower: Follower = { log, phase: 'new', hasEnded: false, isSettled: false, stop };
    this.#followers.add(follower);
    this.#pace.wake();
    this.#start();
    try {
      yield* log.items(signal);
    } finally {
      this.#remove(follower);
    }
  }

  dispose(): void {
    this.#fail([...this.#followers], new ProviderError('transient', 'The connection to Google Cloud was closed.'));
  }

  #remove(follower: Follower): void {
    follower.stop.abort();
    follower.log.fail(null);
    this.#followers.delete(follower);
    this.#stopIfIdle();
  }

  /** Stops asking when nobody reads. */
  #stopIfIdle(): void {
    if (this.#followers.size === 0) {
      this.#running?.abort();
      this.#running = null;
      this.#looks = [];
      this.#tail.follow([]);
    }
  }

  #start(): void {
    if (this.#running === null) {
      this.#running = new AbortController();
      const { signal } = this.#running;
      void this.#run(signal).catch((error: unknown) => {
        if (!signal.aborted) {
          this.#fail([...this.#followers], error);
        }
      });
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#askEnds(signal);
      this.#plan();
      const look = this.#looks.shift();
      if (look !== undefined) {
        await this.#readPage(look, signal);
      }
      const usual = this.#tail.isOpen ? wait.lookTailed : wait.look;
      const ms = this.#looks.length > 0 ? wait.page : usual;
      if (await this.#pace.rest(ms, signal)) {
        this.#sinceLook += ms;
        this.#sinceFar += ms;
        this.#sinceAsked += ms;
        this.#isDue ||= this.#sinceLook >= usual;
      }
    }
  }

  /** Looks for what is new as soon as may be. */
  #hurry(): void {
    this.#isDue = true;
    this.#pace.wake();
  }

  /** Adds what is to be asked next: what new readers have missed, and before it what is new where that is due. */
  #plan(): void {
    const fresh = [...this.#followers].filter(({ phase }) => phase === 'new');
    for (const followers of inGroups(fresh)) {
      followers.forEach((follower) => {
        follower.phase = 'catchingUp';
      });
      this.#looks.push(this.#look(followers, false, true));
    }
    const live = [...this.#followers].filter(({ phase }) => phase === 'live');
    if (!this.#isDue || live.length === 0 || this.#looks.some(({ isLive }) => isLive)) {
      return;
    }
    const isFar = this.#sinceFar >= wait.lookBack || this.#leftOut.count > 0 || live.some(({ isSettled }) => isSettled);
    this.#sinceFar = isFar ? 0 : this.#sinceFar;
    this.#sinceLook = 0;
    this.#isDue = false;
    this.#looks.unshift(...inGroups(live).map((followers) => this.#look(followers, true, isFar)));
    this.#leftOut = { count: 0, reason: '' };
  }

  #look(followers: readonly Follower[], isLive: boolean, isFar: boolean): Look {
    return {
      followers,
      filter: listFilter(
        followers.map(({ log }) => log),
        isFar ? far : near,
      ),
      isLive,
      isFar,
      last: new Set(followers.filter(({ isSettled }) => isSettled)),
      leftOut: isLive ? this.#leftOut : { count: 0, reason: '' },
      found: 0,
      pageToken: '',
    };
  }

  async #readPage(look: Look, signal: AbortSignal): Promise<void> {
    const followers = look.followers.filter((follower) => this.#followers.has(follower));
    if (followers.length === 0) {
      return;
    }
    await Promise.all(followers.map(async ({ log, stop }) => log.room(stop.signal)));
    try {
      const page = await this.#input.source.list(look.filter, look.pageToken, signal);
      signal.throwIfAborted();
      this.#refusals = 0;
      this.#takeListed(look, followers, page.entries);
      look.pageToken = page.nextPageToken;
    } catch (error) {
      signal.throwIfAborted();
      await this.#bear(error, look, followers, signal);
      return;
    }
    if (look.pageToken === '') {
      this.#complete(look, followers);
    } else {
      this.#looks.push(look);
    }
  }

  /** Too many requests are waited out; anything else is for whoever reads. */
  async #bear(error: unknown, look: Look, followers: readonly Follower[], signal: AbortSignal): Promise<void> {
    this.#refusals += 1;
    if (!isProviderError(error) || error.tag !== 'rateLimited' || this.#refusals > refusalLimit) {
      this.#fail(followers, error);
      return;
    }
    this.#looks.unshift(look);
    await this.#pace.backOff(this.#refusals, error.retryAfterMs ?? 0, signal);
  }

  #takeListed(look: Look, followers: readonly Follower[], raw: readonly unknown[]): void {
    const byJob = entriesByJob(raw);
    for (const follower of followers) {
      const { last, count } = follower.log.take(byJob.get(follower.log.id) ?? []);
      look.found += count;
      if (last !== null) {
        void this.#ripenLater(follower, last, look.isLive ? wait.order : 0);
      }
    }
  }

  #takeTailed({ entries, suppressed }: TailAnswer): void {
    const live = [...this.#followers].filter(({ phase }) => phase === 'live');
    for (const { count, reason } of suppressed) {
      this.#leftOut = { count: this.#leftOut.count + count, reason };
      // What was left out is listed first, so that it comes in its place.
      live.forEach(({ log }) => {
        log.isHeld = true;
      });
    }
    const byJob = entriesByJob(entries);
    for (const follower of live) {
      const { last } = follower.log.take(byJob.get(follower.log.id) ?? []);
      if (last !== null) {
        void this.#ripenLater(follower, last, 0);
      }
    }
    if (suppressed.length > 0) {
      this.#hurry();
    }
  }

  async #ripenLater({ log, stop }: Follower, upTo: Parameters<JobLog['ripen']>[0], ms: number): Promise<void> {
    if (ms > 0) {
      await this.#input.clock.sleep(ms, stop.signal).catch(() => undefined);
    }
    if (!stop.signal.aborted) {
      log.ripen(upTo);
    }
  }

  #complete(look: Look, followers: readonly Follower[]): void {
    const missing = look.leftOut.count - look.found;
    for (const follower of followers) {
      follower.phase = 'live';
      if (look.leftOut.count > 0 && this.#leftOut.count === 0) {
        follower.log.release();
      }
      if (missing > 0) {
        follower.log.gap(
          `Cloud Logging left out ${look.leftOut.count} lines here (${look.leftOut.reason}), of which ${look.found} were fetched afterwards`,
        );
      }
      if (look.last.has(follower) && look.isFar) {
        follower.log.end();
      }
    }
    const live = [...this.#followers].filter(({ phase, hasEnded }) => phase === 'live' && !hasEnded);
    this.#tail.follow(live.length <= jobsInFilter ? [...new Set(live.map(({ log }) => log.id))] : []);
  }

  /** Asks from time to time, and for new readers at once. Logs go on while nobody can say it: a region may be down. */
  async #askEnds(signal: AbortSignal): Promise<void> {
    const open = [...this.#followers].filter(({ hasEnded }) => !hasEnded);
    const isNew = open.some(({ phase }) => phase === 'new');
    if (open.length > 0 && !this.#isAsking && (isNew || this.#sinceAsked >= wait.askEnds)) {
      const answered = new AbortController();
      const asking = this.#learnEnds(open, signal).finally(() => answered.abort());
      const enough = AbortSignal.any([signal, answered.signal]);
      await Promise.race([asking, this.#input.clock.sleep(wait.endsKnown, enough).catch(() => undefined)]);
    }
  }

  async #learnEnds(open: readonly Follower[], signal: AbortSignal): Promise<void> {
    this.#isAsking = true;
    this.#sinceAsked = 0;
    const ids = [...new Set(open.map(({ log }) => log.id))];
    const ended = await this.#input.endedJobs(ids, signal).catch(() => null);
    this.#isAsking = false;
    for (const follower of open) {
      const endedAgo = ended?.get(follower.log.id);
      if (endedAgo !== undefined && !follower.hasEnded) {
        follower.hasEnded = true;
        void this.#settle(follower, endedAgo);
      }
    }
  }

  async #settle(follower: Follower, endedAgo: number | null): Promise<void> {
    if (endedAgo === null || endedAgo < wait.longEnded) {
      await this.#input.clock.sleep(wait.settle, follower.stop.signal).catch(() => undefined);
    }
    follower.isSettled = true;
  }

  #fail(followers: readonly Follower[], error: unknown): void {
    for (const follower of followers) {
      follower.log.fail(error);
      this.#followers.delete(follower);
    }
    this.#stopIfIdle();
  }
}

function inGroups(followers: readonly Follower[]): readonly (readonly Follower[])[] {
  const count = Math.ceil(followers.length / jobsInFilter);
  return Array.from({ length: count }, (_, index) => followers.slice(index * jobsInFilter, (index + 1) * jobsInFilter));
}
