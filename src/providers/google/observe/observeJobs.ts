import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { Jobs, VertexJob } from '../client/jobs.ts';
import { dataOf } from '../handle.ts';
import { findJobs, type Wanted } from './findJobs.ts';
import type { LateErrors } from './lateErrors.ts';
import { awaitsReason, observationOf } from './observation.ts';

export interface Observed {
  readonly observation: Observation;
  /** null where it could not be looked at. */
  readonly job: VertexJob | null;
}

export interface ObserveContext {
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly lateErrors: LateErrors;
}

/** How long a region may take to say how its jobs are, in ms: well below what whoever observes waits for all of them. */
const answersWithinMs = 10_000;

/**
 * Asks each region for all jobs in it. A region that does not answer in time leaves the others alone: its jobs stay as they were, with the
 * reason. Rejects when no region answers.
 */
export async function observeJobs(
  { jobs, clock, lateErrors }: ObserveContext,
  handles: readonly Handle[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observed>> {
  const all = handles.map((handle): Wanted => ({ id: handle.id, data: dataOf(handle) }));
  const byRegion = [...Map.groupBy(all, ({ data }) => data.region)];
  const askedAt = clock.now();
  const answers = await Promise.allSettled(
    byRegion.map(async ([region, wanted]) => {
      const found = await findInTime(jobs, region, wanted, signal);
      return wanted.flatMap((each): readonly [string, Observed][] => {
        const { id, data } = each;
        const job = found.get(id);
        if (job === undefined) {
          return [];
        }
        if ('unanswered' in job) {
          // What a region says of one job says nothing about its others.
          return unseen([each], 'Google Cloud does not say how this job is', job.unanswered, askedAt);
        }
        const observation = lateErrors.isAwaited(job)
          ? awaitsReason(job, askedAt)
          : observationOf(job, data.project, region, askedAt);
        return [[id, { job, observation }]];
      });
    }),
  );
  signal.throwIfAborted();
  const [failure] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  if (failure !== undefined && answers.every(({ status }) => status === 'rejected')) {
    throw failure;
  }
  return new Map(
    answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? answer.value : unseenRegion(byRegion[index], answer.reason, askedAt),
    ),
  );
}

async function findInTime(
  jobs: Jobs,
  region: string,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): ReturnType<typeof findJobs> {
  const late = AbortSignal.timeout(answersWithinMs);
  try {
    return await findJobs(jobs, region, wanted, AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted && !signal.aborted) {
      throw new ProviderError('transient', `The region ${region} did not answer within ${answersWithinMs / 1000} s.`);
    }
    throw error;
  }
}

function unseenRegion(
  [region, wanted]: readonly [string, readonly Wanted[]] = ['', []],
  error: unknown,
  askedAt: number,
): readonly [string, Observed][] {
  return unseen(wanted, `The region ${region} does not say how its jobs are`, error, askedAt);
}

function unseen(
  wanted: readonly Wanted[],
  what: string,
  error: unknown,
  askedAt: number,
): readonly [string, Observed][] {
  const observation: Observation = {
    state: 'unseen',
    nativeState: 'no answer',
    reason: `${what}: ${isProviderError(error) ? error.message : String(error)}`,
    observedAt: askedAt,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: [],
    tasks: [],
    native: null,
  };
  return wanted.map(({ id }) => [id, { observation, job: null }]);
}
