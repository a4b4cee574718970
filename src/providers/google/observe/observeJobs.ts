import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { Jobs, VertexJob } from '../client/jobs.ts';
import { dataOf, type HandleData } from '../handle.ts';
import { labelFilter } from '../labels.ts';
import { observationOf } from './observation.ts';

export interface Observed {
  readonly observation: Observation;
  /** null where its region did not answer. */
  readonly job: VertexJob | null;
}

interface Wanted {
  readonly id: string;
  readonly data: HandleData;
}

/** How long a region may take to list its jobs, in ms: well below what whoever observes waits for all of them. */
const answersWithinMs = 10_000;

/**
 * One list per region for all jobs in it. A region that does not answer in time leaves the others alone: its jobs stay as they were, with the
 * reason. Rejects when no region answers.
 */
export async function observeJobs(
  jobs: Jobs,
  clock: Clock,
  handles: readonly Handle[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observed>> {
  const all = handles.map((handle): Wanted => ({ id: handle.id, data: dataOf(handle) }));
  const byRegion = [...Map.groupBy(all, ({ data }) => data.region)];
  const askedAt = clock.now();
  const answers = await Promise.allSettled(
    byRegion.map(async ([region, wanted]) => {
      const found = await listInTime(jobs, region, filterFor(wanted), signal);
      const byName = new Map(found.map((job) => [job.name, job]));
      return wanted.flatMap(({ id, data }): [string, Observed][] => {
        const job = byName.get(id);
        return job === undefined ? [] : [[id, { job, observation: observationOf(job, data.project, region, askedAt) }]];
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
      answer.status === 'fulfilled' ? answer.value : unanswered(byRegion[index], answer.reason, askedAt),
    ),
  );
}

async function listInTime(
  jobs: Jobs,
  region: string,
  filter: string,
  signal: AbortSignal,
): Promise<readonly VertexJob[]> {
  const late = AbortSignal.timeout(answersWithinMs);
  try {
    return await jobs.list(region, filter, AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted && !signal.aborted) {
      throw new ProviderError('transient', `The region ${region} did not answer within ${answersWithinMs / 1000} s.`);
    }
    throw error;
  }
}

function unanswered(
  [region, wanted]: readonly [string, readonly Wanted[]] = ['', []],
  error: unknown,
  askedAt: number,
): [string, Observed][] {
  const observation: Observation = {
    state: 'unknown',
    nativeState: 'no answer',
    reason: isProviderError(error) ? (error.raw ?? error.message) : String(error),
    explanation: `The region ${region} does not answer, so this is what was known before`,
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

/** What was made before the oldest of them is not asked for; a second is left for rounding. */
function filterFor(wanted: readonly Wanted[]): string {
  const oldest = Math.min(...wanted.map(({ data }) => data.createdAt));
  return `${labelFilter(null)} AND create_time>="${new Date(oldest - 1000).toISOString()}"`;
}
