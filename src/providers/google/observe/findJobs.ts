import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import type { Jobs, VertexJob } from '../client/jobs.ts';
import { labelFilter } from '../labels.ts';
import type { HandleData } from '../handle.ts';

export interface Wanted {
  /** Resource name of the job. */
  readonly id: string;
  readonly data: HandleData;
}

/** Jobs that are asked for one by one, at a time; when more have ended it takes fewer requests to list those of their days. */
const atOnce = 8;
const mostOneByOne = 64;

/** States in which a job stays. The filter knows no "one of". */
const ended = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED', 'PARTIALLY_SUCCEEDED'];
const notEnded = ended.map((state) => `state!="JOB_STATE_${state}"`).join(' AND ');

/**
 * The jobs of one region by name; an error for one that could not be asked for. One list for all that have not ended, however many there
 * are and however many have; only those that are not in it are asked for one by one. What is absent is not there.
 */
export async function findJobs(
  jobs: Jobs,
  region: string,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, VertexJob | { readonly unanswered: unknown }>> {
  const names = new Set(wanted.map(({ id }) => id));
  const filter = `${labelFilter(null)} AND create_time>="${time(oldest(wanted) - 1000)}"`;
  const listed = await jobs.listStatus(region, `${filter} AND ${notEnded}`, signal);
  const found = new Map<string, VertexJob | { readonly unanswered: unknown }>(
    listed.filter(({ name }) => names.has(name)).map((job) => [job.name, job]),
  );
  const missing = wanted.filter(({ id }) => !found.has(id));
  if (missing.length > mostOneByOne) {
    const newest = Math.max(...missing.map(({ data }) => data.createdAt));
    const days = `${labelFilter(null)} AND create_time>="${time(oldest(missing) - 1000)}" AND create_time<="${time(newest + 1000)}"`;
    for (const job of await jobs.listStatus(region, days, signal)) {
      if (names.has(job.name)) {
        found.set(job.name, job);
      }
    }
    return found;
  }
  await eachAtOnce(atOnce, missing, async ({ id }) => {
    const job = await jobs.get(region, id, signal).catch((error: unknown) => ({ unanswered: error }));
    if (job !== null) {
      found.set(id, job);
    }
  });
  return found;
}

function oldest(wanted: readonly Wanted[]): number {
  return Math.min(...wanted.map(({ data }) => data.createdAt));
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
