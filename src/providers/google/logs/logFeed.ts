import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { Follower } from './follower.ts';
import { JobEnds, type JobEndsInput } from './jobEnds.ts';
import { type FollowedJob, JobLog, entriesByJob } from './jobLog.ts';
import { LeftOutLines } from './leftOutLines.ts';
import type { Look } from './look.ts';
import { LookPlan } from './lookPlan.ts';
import { jobsInFilter } from './logQuery.ts';
import type { LogSource, TailAnswer } from './logSource.ts';
import { LogTail } from './logTail.ts';
import { RequestPace } from './requestPace.ts';

export interface LogFeedInput extends JobEndsInput {
  readonly source: LogSource;
}

/** How long a line waits for others that were printed before it, in ms. */
const orderMs = 6500;
/** So long, in ms, one reader that takes no lines may hold up all others. */
const patienceMs = 30_000;
/** So often in a row the service may refuse because of too many requests. */
const refusalLimit = 6;

/**
 * The logs of all followed jobs of a connection. They are found by one query for all of them, however many there are, because a
 * project may ask for entries 60 times a minute; a tail session brings lines sooner.
 */
export class LogFeed {
  readonly #input: LogFeedInput;
  readonly #followers = new Set<Follower>();
  readonly #pace: RequestPace;
  readonly #tail: LogTail;
  readonly #ends: JobEnds;
  #plan = new LookPlan();
  #leftOut = new LeftOutLines();
  #running: AbortController | null = null;
  #refusals = 0;

  constructor(input: LogFeedInput) {
    this.#input = input;
    this.#ends = new JobEnds(input);
    this.#pace = new RequestPace(input.clock);
    this.#tail = new LogTail(input.source, input.clock, {
      onAnswer: (answer) => this.#takeTailed(answer),
      onClosed: () => this.#hurry(),
    });
  }

  /** The log of a job from the cursor on, until it has ended and everything was handed out. */
  async *read(job: FollowedJob, cursor: LogCursor | null, signal: AbortSignal): AsyncGenerator<LogItem, void> {
    signal.throwIfAborted();
    const follower = new Follower(new JobLog(job, cursor));
    this.#followers.add(follower);
    this.#pace.wake();
    this.#start();
    try {
      yield* follower.log.items(signal);
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
    this.#drop(follower);
    this.#stopIfIdle();
  }

  /** Nobody waits for its lines any more. */
  #drop(follower: Follower): void {
    this.#followers.delete(follower);
    this.#found(follower, follower.ignoredLines);
  }

  /** Stops asking when nobody reads. */
  #stopIfIdle(): void {
    if (this.#followers.size === 0) {
      this.#running?.abort();
      this.#running = null;
      this.#plan = new LookPlan();
      this.#leftOut = new LeftOutLines();
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
      await this.#ends.ask(this.#followers, signal);
      const followers = [...this.#followers];
      const isTailed = this.#tail.isOpen && !followers.some(({ tailed }) => tailed.areIgnored);
      const look = this.#plan.next(followers, isTailed, this.#leftOut);
      if (look !== null) {
        await this.#readPage(look, signal);
      }
      const ms = this.#plan.restMs(isTailed);
      if (await this.#pace.rest(ms, signal)) {
        this.#plan.passed(ms);
        this.#ends.passed(ms);
      }
    }
  }

  /** Looks for what is new as soon as may be. */
  #hurry(): void {
    this.#plan.hurry();
    this.#pace.wake();
  }

  async #readPage(look: Look, signal: AbortSignal): Promise<void> {
    await this.#makeRoom(look, signal);
    const followers = this.#stillThere(look);
    if (followers.length === 0) {
      return;
    }
    try {
      const page = await this.#input.source.list(look.filter, look.pageToken, signal);
      signal.throwIfAborted();
      this.#refusals = 0;
      this.#takeListed(look, followers, page.entries);
      look.pageToken = page.nextPageToken;
      look.pages += 1;
    } catch (error) {
      signal.throwIfAborted();
      await this.#bear(error, look, followers, signal);
      return;
    }
    if (look.pageToken === '') {
      this.#complete(look, followers);
    } else {
      this.#plan.goOn(look);
    }
  }

  #stillThere({ followers }: Look): readonly Follower[] {
    return followers.filter((follower) => this.#followers.has(follower));
  }

  /** Waits for readers that are far behind. Who stays so is let go, with all that was found so far, and reads on from there. */
  async #makeRoom(look: Look, signal: AbortSignal): Promise<void> {
    const full = this.#stillThere(look).filter(({ log }) => !log.hasRoom);
    if (full.length === 0) {
      return;
    }
    const isTaken = new AbortController();
    const patience = this.#input.clock
      .sleep(patienceMs, AbortSignal.any([signal, isTaken.signal]))
      .catch(() => undefined);
    await Promise.race([Promise.all(full.map(async ({ log, stop }) => log.room(stop.signal))), patience]);
    isTaken.abort();
    signal.throwIfAborted();
    this.#fail(
      full.filter(({ log, stop }) => !log.hasRoom && !stop.signal.aborted),
      new ProviderError('transient', `Nobody took the lines of this log for ${patienceMs / 1000} s.`),
    );
  }

  /** Too many requests are waited out; anything else is for whoever reads. */
  async #bear(error: unknown, look: Look, followers: readonly Follower[], signal: AbortSignal): Promise<void> {
    this.#refusals += 1;
    if (!isProviderError(error) || error.tag !== 'rateLimited' || this.#refusals > refusalLimit) {
      this.#fail(followers, error);
      return;
    }
    this.#plan.again(look);
    await this.#pace.backOff(this.#refusals, error.retryAfterMs ?? 0, signal);
  }

  #takeListed(look: Look, followers: readonly Follower[], raw: readonly unknown[]): void {
    const byJob = entriesByJob(raw);
    for (const follower of followers) {
      const entries = byJob.get(follower.log.id) ?? [];
      look.listed.get(follower)?.add(entries);
      const { last, count } = follower.log.take(entries);
      look.found += count;
      if (look.kind === 'new') {
        follower.ignoredLines = Math.max(0, follower.ignoredLines - count);
      } else {
        this.#found(follower, count);
      }
      if (last !== null) {
        void this.#ripenLater(follower, last, look.kind === 'new' ? orderMs : 0);
      }
    }
  }

  #takeTailed({ entries, suppressed }: TailAnswer): void {
    const live = [...this.#followers].filter(({ phase }) => phase === 'live');
    const hasIgnored = live.some(({ tailed }) => tailed.areIgnored);
    for (const { count, reason } of suppressed) {
      this.#leftOut.add(count, reason);
      live.forEach((follower) => this.#ignore(follower, follower.tailed.ignore()));
    }
    const byJob = entriesByJob(entries);
    for (const follower of live) {
      const { last, ignored } = follower.tailed.take(byJob.get(follower.log.id) ?? []);
      this.#ignore(follower, ignored);
      if (last !== null) {
        void this.#ripenLater(follower, last, 0);
      }
    }
    if (!hasIgnored && live.some(({ tailed }) => tailed.areIgnored)) {
      this.#hurry();
    }
  }

  #ignore(follower: Follower, count: number): void {
    follower.ignoredLines += count;
    this.#leftOut.ignore(count);
  }

  /** So many of those that were ignored need no look for what is new any more. */
  #found(follower: Follower, count: number): void {
    const found = Math.min(count, follower.ignoredLines);
    follower.ignoredLines -= found;
    this.#leftOut.forget(found);
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
    const missing = look.kind === 'new' ? this.#leftOut.end(look.leftOut, look.found) : null;
    for (const follower of followers) {
      const { log, tailed } = follower;
      const listed = look.listed.get(follower)?.byMinute ?? new Map<number, number>();
      if (look.kind === 'catchUp') {
        follower.phase = 'live';
        log.caughtUp();
        log.position.minutes.trust(this.#plan.trustedBefore(follower));
      } else if (look.kind === 'new') {
        const last = tailed.release();
        if (last !== null) {
          log.ripen(last);
        }
      } else if (look.kind === 'compare') {
        look.found += log.compare(look.before, listed);
      } else if (look.kind === 'last') {
        log.end(listed);
      }
      if (missing !== null) {
        log.sampledGap(missing);
      }
    }
    if ((look.kind === 'again' || look.kind === 'compare') && look.found > 0) {
      this.#ends.expectLateLines();
    }
    const live = [...this.#followers].filter(({ phase, hasEnded }) => phase === 'live' && !hasEnded);
    this.#tail.follow(live.length <= jobsInFilter ? [...new Set(live.map(({ log }) => log.id))] : []);
  }

  #fail(followers: readonly Follower[], error: unknown): void {
    for (const follower of followers) {
      follower.log.fail(error);
      this.#drop(follower);
    }
    this.#stopIfIdle();
  }
}
