import type { AttemptKey } from '../../../core/job.ts';
import type { Clock, Logger } from '../../../core/ports.ts';
import { createWithinMs, type Jobs, type VertexJob } from '../client/jobs.ts';
import { labelFilter } from '../labels.ts';
import type { KnownSubmission, Submissions } from './submission.ts';

/**
 * So long after a submission was claimed, in ms, a job that is in no list was not made: the request has ended by then, and lists
 * have caught up. How soon a list shows a new job is written nowhere; half a minute is ample.
 */
export const settledAfterMs = createWithinMs + 30_000;
const lookAgainMs = 1500;

export interface FindContext {
  readonly jobs: Jobs;
  readonly submissions: Submissions;
  /** Of the connection. */
  readonly regions: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The job of an attempt; null when there certainly is none. Waits while a request may be on its way. */
export async function findJob(context: FindContext, key: AttemptKey, signal: AbortSignal): Promise<VertexJob | null> {
  const { submissions, clock } = context;
  let waitedMs = 0;
  let generation: string | null = null;
  for (;;) {
    const known = await submissions.read(key, signal);
    if (known === null) {
      return findUnclaimed(context, key, signal);
    }
    const job = await jobOf(context, key, known, signal);
    if (job !== null || known.job !== null) {
      return job;
    }
    if (known.generation !== generation) {
      generation = known.generation;
      waitedMs = known.ageMs;
    }
    if (waitedMs >= settledAfterMs) {
      return null;
    }
    await clock.sleep(lookAgainMs, signal);
    waitedMs += lookAgainMs;
  }
}

/** By the name in its submission, else by its labels. */
export async function jobOf(
  context: FindContext,
  key: AttemptKey,
  known: KnownSubmission,
  signal: AbortSignal,
): Promise<VertexJob | null> {
  const region = /\/locations\/([^/]+)\//u.exec(known.job ?? '')?.[1];
  if (known.job !== null && region !== undefined) {
    return context.jobs.get(region, known.job, signal);
  }
  const regions = known.region === '' ? context.regions : [known.region];
  const found = await Promise.all(regions.map(async (each) => onlyJob(context, each, key, signal)));
  return found.find((job) => job !== null) ?? null;
}

/** Without a submission nothing was sent; a job may be there all the same, when the bucket was cleared. */
async function findUnclaimed(context: FindContext, key: AttemptKey, signal: AbortSignal): Promise<VertexJob | null> {
  const answers = await Promise.allSettled(
    context.regions.map(async (region) => onlyJob(context, region, key, signal)),
  );
  signal.throwIfAborted();
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (found.length === 0 && failed !== undefined) {
    throw failed.reason;
  }
  return found.find((job) => job !== null) ?? null;
}

/**
 * The job with that key in a region. Should there be several, which takes a network that repeats requests, the oldest is the one, and
 * the others are cancelled.
 */
export async function onlyJob(
  { jobs, logger }: Pick<FindContext, 'jobs' | 'logger'>,
  region: string,
  key: AttemptKey,
  signal: AbortSignal,
): Promise<VertexJob | null> {
  const [first, ...others] = oldestFirst(await jobs.list(region, labelFilter(key), signal));
  for (const other of others.filter(({ state }) => !/SUCCEEDED|FAILED|CANCEL|EXPIRED/u.test(state))) {
    logger.warn(`${other.name} is a second job of ${key.runId}: it is cancelled`);
    await jobs.cancel(region, other.name, signal);
  }
  return first ?? null;
}

export function oldestFirst(jobs: readonly VertexJob[]): readonly VertexJob[] {
  return jobs.toSorted((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
}
