import { type AttemptKey, keyText } from '../../core/job.ts';
import type { Json } from '../../core/provider.ts';
import type { VertexJob } from './client/jobs.ts';
import { keyOfLabels, labelFilter } from './labels.ts';
import { type FindContext, oldestFirst } from './submit/findJob.ts';

interface Found {
  readonly key: AttemptKey;
  readonly job: VertexJob;
  readonly spec: Json;
}

/** Specs that are read at a time. */
const atOnce = 16;

/** Every job of ours in these regions, with what was submitted. A region that does not answer is left out, unless none does. */
export async function listAttempts(
  { jobs, submissions, regions, logger }: Pick<FindContext, 'jobs' | 'submissions' | 'regions' | 'logger'>,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const answers = await Promise.allSettled(regions.map(async (region) => jobs.list(region, labelFilter(null), signal)));
  signal.throwIfAborted();
  const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  for (const reason of answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))) {
    if (lists.length === 0) {
      throw reason;
    }
    logger.warn('a region does not answer, so jobs there are not listed', reason);
  }
  const keyed = new Map<string, Omit<Found, 'spec'>>();
  for (const job of oldestFirst(lists.flat())) {
    const key = keyOfLabels(job.labels);
    if (key !== null && !keyed.has(keyText(key))) {
      keyed.set(keyText(key), { key, job });
    }
  }
  const waiting = [...keyed.values()];
  const found: Found[] = [];
  const read = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      found.push({ ...next, spec: await submissions.spec(next.key, signal) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, read));
  return found;
}
