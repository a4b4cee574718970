import type { EpochMs } from '../../../core/job.ts';
import { isTerminal } from '../../../core/jobState.ts';
import type { LogCursor, LogItem } from '../../../core/logChunk.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import { runIdTime } from '../../../core/runId.ts';
import type { GoogleAccess } from '../client/access.ts';
import { dataOf } from '../handle.ts';
import { LogFeed } from './logFeed.ts';
import { cloudLogging } from './logSource.ts';

/** How far this machine's clock and Google's may be apart, in ms. */
const clockSkew = 86_400_000;

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
    const { jobId, runId } = dataOf(handle);
    this.#handles.set(jobId, handle);
    yield* this.#feed.read({ id: jobId, since: runIdTime(runId) - clockSkew }, cursor, signal);
  }

  dispose(): void {
    this.#feed.dispose();
  }

  async #endedJobs(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, EpochMs | null>> {
    const handles = ids.flatMap((id) => this.#handles.get(id) ?? []);
    const observed = await this.#observe(handles, signal);
    return new Map(
      handles.flatMap((handle): readonly [string, EpochMs | null][] => {
        const { state, endedAt = null } = observed.get(handle.id) ?? { state: 'failed' as const };
        return state !== 'unknown' && isTerminal(state) ? [[dataOf(handle).jobId, endedAt]] : [];
      }),
    );
  }
}
