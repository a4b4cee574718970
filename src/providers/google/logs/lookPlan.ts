import type { Follower } from './follower.ts';
import type { LeftOutLines } from './leftOutLines.ts';
import {
  type AskedJob,
  firstMinute,
  jobsInFilter,
  lastFilter,
  minutesFilter,
  newFilter,
  type Overlap,
} from './logQuery.ts';
import { ListedCounts, type Look, type LookKind } from './look.ts';
import { minuteOf } from './openMinutes.ts';

/** In ms. */
const wait = {
  /** Between two looks for what is new, for each page that the last one had, but no more; while a tail session brings it. */
  look: 6000,
  lookMost: 20_000,
  lookTailed: 20_000,
  /** Before the next page of the same look. */
  page: 1500,
  /** Between two looks for what came late, and before each page of them; the second when they fall behind. */
  again: 120_000,
  pageAgain: 7500,
  pageBehind: 2500,
};

/** How far before the last entries that were read others are looked for each time. */
const near: Overlap = { seconds: 8, most: 1000 };

/** So many minutes after they were received, entries are listed again; the second time they are compared. */
const age = { again: 1, compare: 15, behind: 25 };

/** Which query is to be sent next, and when. */
export class LookPlan {
  #looks: Look[] = [];
  #looksAgain: Look[] = [];
  /** A look for what is new is due. */
  #isDue = false;
  #sinceLook = 0;
  #sinceAgain = 0;
  #sincePageAgain = 0;
  #newPages = 1;
  /** What time it is by the clock that says when entries were received, in s; never too late. */
  #serviceSecond = 0;

  passed(ms: number): void {
    this.#sinceLook += ms;
    this.#sinceAgain += ms;
    this.#sincePageAgain += ms;
    this.#serviceSecond += ms / 1000;
  }

  hurry(): void {
    this.#isDue = true;
  }

  /** The query that is to be sent now; null: none. */
  next(followers: readonly Follower[], isTailed: boolean, leftOut: LeftOutLines): Look | null {
    this.#serviceSecond = Math.max(this.#serviceSecond, ...followers.map(({ log }) => log.position.newestSecond ?? 0));
    this.#isDue ||= this.#sinceLook >= this.#lookMs(isTailed);
    this.#catchUp(followers.filter(({ phase }) => phase === 'new'));
    const live = followers.filter(({ phase }) => phase === 'live');
    this.#finish(live);
    this.#lookForNew(live, leftOut);
    this.#lookAgain(live);
    const look = this.#looks.shift();
    if (look !== undefined) {
      this.#newPages = look.kind === 'new' ? look.pages + 1 : this.#newPages;
      return look;
    }
    if (this.#sincePageAgain < this.#pageAgainMs()) {
      return null;
    }
    this.#sincePageAgain = 0;
    return this.#looksAgain.shift() ?? null;
  }

  /** How long to rest until then. */
  restMs(isTailed: boolean): number {
    if (this.#looks.length > 0) {
      return wait.page;
    }
    const untilLook = this.#lookMs(isTailed) - this.#sinceLook;
    const untilPage = this.#looksAgain.length > 0 ? this.#pageAgainMs() - this.#sincePageAgain : Infinity;
    return Math.max(wait.page, Math.min(untilLook, untilPage));
  }

  /** The look has more pages. */
  goOn(look: Look): void {
    (isAgain(look) ? this.#looksAgain : this.#looks).push(look);
  }

  /** The same page is to be asked for again. */
  again(look: Look): void {
    (isAgain(look) ? this.#looksAgain : this.#looks).unshift(look);
  }

  /** What a new reader was given of minutes before this one was old enough to be all there was. */
  trustedBefore({ log }: Follower): number {
    return minuteOf(log.position.newestSecond ?? 0) - age.compare;
  }

  #lookMs(isTailed: boolean): number {
    return isTailed ? wait.lookTailed : Math.min(wait.look * this.#newPages, wait.lookMost);
  }

  #pageAgainMs(): number {
    const before = Math.min(...this.#looksAgain.map((look) => look.before));
    return minuteOf(this.#serviceSecond) - before > age.behind ? wait.pageBehind : wait.pageAgain;
  }

  /** What new readers have missed. */
  #catchUp(fresh: readonly Follower[]): void {
    fresh.forEach((follower) => {
      follower.phase = 'catchingUp';
    });
    const [settled, others] = [fresh.filter(({ isSettled }) => isSettled), fresh.filter(({ isSettled }) => !isSettled)];
    this.#looks.push(
      ...inGroups(others).map((group) => look('catchUp', group, newFilter(logsOf(group), near))),
      ...inGroups(settled).map((group) => look('last', group, lastFilter(logsOf(group), near))),
    );
  }

  /** Everything of jobs of which nothing comes any more. */
  #finish(live: readonly Follower[]): void {
    const settled = live.filter(({ isSettled }) => isSettled);
    settled.forEach((follower) => {
      follower.phase = 'catchingUp';
    });
    this.#looks.unshift(...inGroups(settled).map((group) => look('last', group, lastFilter(logsOf(group), near))));
  }

  #lookForNew(live: readonly Follower[], leftOut: LeftOutLines): void {
    if (!this.#isDue || live.length === 0 || this.#looks.some(({ kind }) => kind === 'new')) {
      return;
    }
    this.#sinceLook = 0;
    this.#isDue = false;
    const count = leftOut.begin();
    live.forEach(({ tailed }) => tailed.keep());
    this.#looks.unshift(
      ...inGroups(live).map((group) => look('new', group, newFilter(logsOf(group), near), { leftOut: count })),
    );
  }

  #lookAgain(live: readonly Follower[]): void {
    if (this.#sinceAgain < wait.again || this.#looksAgain.length > 0) {
      return;
    }
    this.#sinceAgain = 0;
    const now = minuteOf(this.#serviceSecond);
    for (const kind of ['again', 'compare'] as const) {
      const before = now - age[kind];
      const asked = live.flatMap((follower) => {
        const first = firstMinute(follower.log);
        const from = kind === 'again' ? Math.max(first, follower.lookedAgainTo) : first;
        return from < before ? [{ follower, from }] : [];
      });
      for (const group of inGroups(asked)) {
        const minutes = group.map(({ follower: { log }, from }) => ({ ...askedJob(log), from, before }));
        const members = group.map(({ follower }) => follower);
        this.#looksAgain.push(look(kind, members, minutesFilter(minutes), { before }));
        members.forEach((follower) => {
          follower.lookedAgainTo = Math.max(follower.lookedAgainTo, before);
        });
      }
    }
  }
}

function look(
  kind: LookKind,
  followers: readonly Follower[],
  filter: string,
  more: Partial<Pick<Look, 'before' | 'leftOut'>> = {},
): Look {
  const isCounted = kind === 'compare' || kind === 'last';
  const listed = new Map(isCounted ? followers.map((follower) => [follower, new ListedCounts()]) : []);
  return { kind, followers, filter, before: 0, listed, leftOut: 0, ...more, found: 0, pages: 0, pageToken: '' };
}

function isAgain({ kind }: Look): boolean {
  return kind === 'again' || kind === 'compare';
}

function logsOf(followers: readonly Follower[]): readonly AskedJob[] {
  return followers.map(({ log }) => log);
}

function askedJob({ id, since, position }: AskedJob): AskedJob {
  return { id, since, position };
}

function inGroups<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / jobsInFilter);
  return Array.from({ length: count }, (_, index) => all.slice(index * jobsInFilter, (index + 1) * jobsInFilter));
}
