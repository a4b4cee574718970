import { isProviderError, isRetryable } from '../../../core/providerError.ts';
import { runIdTime } from '../../../core/runId.ts';
import type { AzureApi } from '../client/api.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import { type Job, parseJob, timeOf } from '../job.ts';
import { keyOfName } from '../names.ts';
import { getJob } from '../submit/submit.ts';

/** How far clocks may differ, in ms: jobs are dated by Azure, runs by the machine that submitted them. */
const clocksDiffer = 24 * 3_600_000;
/** After the first number of pages a few jobs are asked for by their names instead; after the other all that are missing. */
const usualPages = 4;
const mostPages = 50;
const few = 8;
/** Jobs that are on no page are asked for by their names, so many at a time. */
const mostSingly = 24;

export interface FoundJobs {
  readonly jobs: ReadonlyMap<string, Job>;
  /** Jobs that may be there but were not asked about: why they could not be, or null when their turn comes later. What is in neither is not there. */
  readonly unasked: ReadonlyMap<string, string | null>;
}

/**
 * Jobs by their names: from the list, newest first, as far back as they can be, and then one by one. `asked` remembers when the
 * latter were, so that all have their turn. Rejects when there is no list.
 */
export async function findJobs(
  api: AzureApi,
  workspaceId: string,
  wanted: readonly string[],
  asked: Map<string, number>,
  now: number,
  signal: AbortSignal,
): Promise<FoundJobs> {
  const jobs = await listed(api, workspaceId, new Set(wanted), signal);
  const unasked = new Map<string, string | null>();
  const missing = wanted
    .filter((name) => !jobs.has(name))
    .toSorted((a, b) => (asked.get(a) ?? 0) - (asked.get(b) ?? 0));
  for (const name of asked.keys()) {
    if (!missing.includes(name)) {
      asked.delete(name);
    }
  }
  for (const name of missing.slice(mostSingly)) {
    unasked.set(name, null);
  }
  let trouble: string | null = null;
  await eachAtOnce(8, missing.slice(0, mostSingly), async (name) => {
    if (trouble !== null) {
      unasked.set(name, trouble);
      return;
    }
    try {
      const job = await getJob(api, `${workspaceId}/jobs/${name}`, signal);
      asked.set(name, now);
      if (job !== null) {
        jobs.set(name, job);
      }
    } catch (error) {
      signal.throwIfAborted();
      const text = `Azure does not say how this job is: ${isProviderError(error) ? error.message : String(error)}`;
      unasked.set(name, text);
      // It would be no better with the others.
      trouble = isRetryable(error) ? text : null;
      asked.set(name, now);
    }
  });
  return { jobs, unasked };
}

async function listed(
  api: AzureApi,
  workspaceId: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, Job>> {
  const found = new Map<string, Job>();
  const query = { jobType: 'Command', tag: 'aloft', listViewType: 'All' };
  const oldest = oldestOf(wanted);
  let page = 0;
  for await (const items of api.pages(`${workspaceId}/jobs`, { query }, signal)) {
    const all = items.map(parseJob);
    for (const job of all) {
      if (wanted.has(job.name)) {
        found.set(job.name, job);
      }
    }
    page += 1;
    const createdAt = timeOf(all.at(-1)?.systemData?.createdAt);
    const isPast = createdAt !== null && createdAt < oldest;
    const missing = wanted.size - found.size;
    if (missing === 0 || isPast || (missing <= few && page >= usualPages) || page >= mostPages) {
      break;
    }
  }
  return found;
}

/** No job of these was made before. */
function oldestOf(wanted: ReadonlySet<string>): number {
  const times = [...wanted].flatMap((name) => {
    const key = keyOfName(name);
    return key === null ? [] : [runIdTime(key.runId)];
  });
  return Math.min(...times) - clocksDiffer;
}
