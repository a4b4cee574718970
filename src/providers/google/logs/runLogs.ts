import type { EpochMs } from '../../../core/job.ts';
import { isTerminal } from '../../../core/jobState.ts';
import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import type { GoogleAccess } from '../client/access.ts';
import { dataOf } from '../handle.ts';
import { LogFeed } from './logFeed.ts';
import { cloudLogging } from './logSource.ts';

/** Asks how these jobs are; one that is absent from the answer is not there any more. */
type Observe = (
  handles: readonly Handle[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, Pick<Observation, 'state' | 'endedAt'>>>;

/** The logs of a connection's jobs. */
export class RunLogs {
  readonly #feed: LogFeed;
  readonly #observe: Observe;
  /** Jobs that are followed, by the number that their log entries carry. */
  readonly #handles = new Map<string, Handle>();

  constructor(access: GoogleAccess, clock: Clock, observe: Observe) {
    this.#observe = observe;
    this.#feed = new LogFeed({
      source: cloudLogging(access),
      clock,
      endedJobs: async (ids, signal) => this.#endedJobs(ids, signal),
    });
  }

  /** The attempt's output from the cursor on; returns when it has ended and everything was handed out. */
  async *logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncGenerator<LogItem, void> {
    const { jobId, createdAt } = dataOf(handle);
    this.#handles.set(jobId, handle);
    yield* this.#feed.read({ id: jobId, since: createdAt }, cursor, signal);
  }

  dispose(): void {
    this.#feed.dispose();
  }

  /** Regions are asked apart from each other: one that is down keeps nothing from the others. */
  async #endedJobs(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, EpochMs | null>> {
    const regions = Map.groupBy(
      ids.flatMap((id) => this.#handles.get(id) ?? []),
      (handle) => dataOf(handle).region,
    );
    const answers = await Promise.allSettled(
      [...regions.values()].map(async (handles) => {
        const observed = await this.#observe(handles, signal);
        return handles.flatMap((handle): readonly [string, EpochMs | null][] => {
          const { state, endedAt } = observed.get(handle.id) ?? { state: 'failed' as const, endedAt: null };
          return state !== 'unknown' && isTerminal(state) ? [[dataOf(handle).jobId, endedAt]] : [];
        });
      }),
    );
    return new Map(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
  }
}
