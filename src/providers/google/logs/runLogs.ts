import type { EpochMs } from '../../../core/job.ts';
import { isTerminal } from '../../../core/jobState.ts';
import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import { isTold } from '../../../core/observe.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import type { GoogleAccess } from '../client/access.ts';
import { dataOf } from '../handle.ts';
import { expiredLines } from './expiredLines.ts';
import { LogFeed } from './logFeed.ts';
import { cloudLogging } from './logSource.ts';

interface Questions {
  /** How these jobs are; one that is absent from the answer is in no list. */
  observe(
    handles: readonly Handle[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Pick<Observation, 'state' | 'endedAt'>>>;
  /** What time it is by Google's clock, which says when jobs ended; null where what is kept of that job is gone. */
  now(handle: Handle, signal: AbortSignal): Promise<EpochMs | null>;
}

/** A job that one answer leaves out may be there all the same; ms until another answer without it counts. */
const goneAfterMs = 65_000;

/** The logs of a connection's jobs. */
export class RunLogs {
  readonly #feed: LogFeed;
  readonly #ask: Questions;
  readonly #clock: Clock;
  /** Jobs that the last answer left out, by name; true once they have been missing for long. Ends with `#closed`. */
  readonly #missing = new Map<string, { isLong: boolean }>();
  readonly #closed = new AbortController();
  /** Jobs that are followed, and by how many, by the number that their log entries carry. */
  readonly #followed = new Map<string, { readonly handle: Handle; readers: number }>();

  constructor(access: GoogleAccess, clock: Clock, ask: Questions) {
    this.#ask = ask;
    this.#clock = clock;
    this.#feed = new LogFeed({
      source: cloudLogging(access),
      clock,
      endedJobs: async (ids, signal) => this.#endedJobs(ids, signal),
    });
  }

  /** The attempt's output from the cursor on; returns when it has ended and everything was handed out. */
  async *logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncGenerator<LogItem, void> {
    const { jobId, createdAt } = dataOf(handle);
    const followed = this.#followed.get(jobId) ?? { handle, readers: 0 };
    followed.readers += 1;
    this.#followed.set(jobId, followed);
    try {
      const now = await this.#now(handle, signal);
      yield* this.#feed.read({ id: jobId, since: createdAt, now }, cursor, signal);
    } finally {
      followed.readers -= 1;
      if (followed.readers === 0) {
        this.#followed.delete(jobId);
        this.#missing.delete(handle.id);
      }
    }
  }

  /** By this machine's clock, but Google's where lines may be gone by now: nothing is said to be lost because a clock is wrong. */
  async #now(handle: Handle, signal: AbortSignal): Promise<EpochMs> {
    const now = this.#clock.now();
    const mayBeGone = expiredLines(dataOf(handle).createdAt, now) !== null;
    return (mayBeGone ? await this.#ask.now(handle, signal).catch(() => null) : null) ?? now;
  }

  dispose(): void {
    this.#closed.abort();
    this.#feed.dispose();
  }

  /** How long ago they ended. Regions are asked apart from each other: one that is down keeps nothing from the others. */
  async #endedJobs(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number | null>> {
    const regions = Map.groupBy(
      ids.flatMap((id) => this.#followed.get(id)?.handle ?? []),
      (handle) => dataOf(handle).region,
    );
    const answers = await Promise.allSettled(
      [...regions.values()].map(async (handles) => {
        const observed = await this.#ask.observe(handles, signal);
        return handles.flatMap((handle): readonly [string, EpochMs | null][] => {
          const observation = observed.get(handle.id);
          if (observation === undefined) {
            return this.#isGone(handle.id) ? [[dataOf(handle).jobId, null]] : [];
          }
          this.#missing.delete(handle.id);
          const { state, endedAt } = observation;
          return isTold(state) && isTerminal(state) ? [[dataOf(handle).jobId, endedAt]] : [];
        });
      }),
    );
    const ended = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const dated = this.#followed.get(ended.find(([, endedAt]) => endedAt !== null)?.[0] ?? '')?.handle;
    const now = dated === undefined ? null : await this.#ask.now(dated, signal).catch(() => null);
    return new Map(ended.map(([id, endedAt]) => [id, now === null || endedAt === null ? null : now - endedAt]));
  }

  /** Of a job that is in no list: whether it has been in none for long. */
  #isGone(id: string): boolean {
    const missing = this.#missing.get(id);
    if (missing === undefined) {
      const first = { isLong: false };
      this.#missing.set(id, first);
      void this.#clock.sleep(goneAfterMs, this.#closed.signal).then(
        () => {
          first.isLong = true;
        },
        () => undefined,
      );
    }
    return missing?.isLong === true;
  }
}
