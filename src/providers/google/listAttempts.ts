import * as z from 'zod/mini';
import { eachAtOnce } from '../../core/eachAtOnce.ts';
import { type AttemptKey, keyText } from '../../core/job.ts';
import type { Json } from '../../core/provider.ts';
import type { VertexJob } from './client/jobs.ts';
import { keyOfLabels, labelFilter } from './labels.ts';
import type { FindContext } from './submit/findJob.ts';
import { allRegions } from './submit/otherRegions.ts';
import { theOne } from './submit/secondJobs.ts';
import type { Submissions } from './submit/submission.ts';

interface Found {
  readonly key: AttemptKey;
  readonly job: VertexJob;
  readonly spec: Json;
}

/** Specs that are read at a time. */
const atOnce = 16;

/** Every job of ours, with what was submitted. A region that does not answer is left out, unless none does. */
export async function listAttempts(context: FindContext, signal: AbortSignal): Promise<readonly Found[]> {
  const { jobs, submissions, logger } = context;
  const regions = await allRegions(context, signal);
  const answers = await Promise.allSettled(regions.map(async (region) => jobs.list(region, labelFilter(null), signal)));
  signal.throwIfAborted();
  const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  for (const reason of answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))) {
    if (lists.length === 0) {
      throw reason;
    }
    logger.warn('a region does not answer, so jobs there are not listed', reason);
  }
  const ours = lists.flat().flatMap((job) => {
    const key = keyOfLabels(job.labels);
    return key === null ? [] : [{ key, job }];
  });
  const found: Found[] = [];
  await eachAtOnce(atOnce, [...Map.groupBy(ours, ({ key }) => keyText(key)).values()], async (alike) => {
    found.push(...(await described(submissions, alike, signal)));
  });
  return found;
}

/** What was submitted, and which of the jobs with its key it became. */
async function described(
  submissions: Submissions,
  ours: readonly Omit<Found, 'spec'>[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const key = ours[0]?.key;
  const known = key === undefined ? null : await submissions.read(key, signal);
  const jobs = ours.map(({ job }) => job);
  const job = jobs.find(({ name }) => name === known?.job) ?? theOne(jobs);
  return key === undefined || job === null ? [] : [{ key, job, spec: z.safeParse(z.json(), known?.spec).data ?? null }];
}
