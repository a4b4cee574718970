import type { AttemptKey } from '../../../core/job.ts';
import type { Clock, Logger } from '../../../core/ports.ts';
import type { Bucket } from '../client/bucket.ts';
import { createWithinMs, type Jobs, type VertexJob } from '../client/jobs.ts';
import { labelFilter } from '../labels.ts';
import { objectOf } from '../paths.ts';
import { allRegions } from './otherRegions.ts';
import { cancelOthers, theOne } from './secondJobs.ts';
import { type KnownSubmission, regionOfJob, type Submissions } from './submission.ts';

/**
 * So long after a submission was claimed, in ms, a job that is in no list was not made: the request has ended by then, and lists
 * have caught up. How soon a list shows a new job is written nowhere; half a minute is ample.
 */
export const settledAfterMs = createWithinMs + 30_000;
const lookAgainMs = 1500;

export interface FindContext {
  readonly bucket: Bucket;
  readonly jobs: Jobs;
  readonly submissions: Submissions;
  /** Of the connection. */
  readonly regions: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The job of an attempt; null when there certainly is none, and then nothing is left of it. Waits while a request may be on its way,
 * and then takes the right to send one from whoever had it.
 */
export async function findJob(context: FindContext, key: AttemptKey, signal: AbortSignal): Promise<VertexJob | null> {
  const { submissions, clock } = context;
  let waitedMs = 0;
  let generation: string | null = null;
  for (;;) {
    const known = await submissions.read(key, signal);
    const job = await (known === null ? findUnclaimed(context, key, null, signal) : jobOf(context, key, known, signal));
    if (job !== null) {
      return job;
    }
    if (known === null || known.job !== null) {
      await removeSecrets(context, key, known?.generation ?? null, signal);
      return null;
    }
    if (known.generation !== generation) {
      generation = known.generation;
      waitedMs = known.ageMs;
    }
    if (waitedMs >= settledAfterMs && (await submissions.release(key, generation, signal))) {
      await removeSecrets(context, key, null, signal);
      return null;
    }
    await clock.sleep(lookAgainMs, signal);
    waitedMs += lookAgainMs;
  }
}

/**
 * Removes the secrets of an attempt that has no job, unless somebody has begun to submit it since its submission was of that generation
 * (null: there was none): their secrets are newer than those that are seen here before the submission is read again.
 */
async function removeSecrets(
  { bucket, submissions, logger }: FindContext,
  key: AttemptKey,
  submission: string | null,
  signal: AbortSignal,
): Promise<void> {
  try {
    const generation = await bucket.generation(objectOf.secrets(key), signal);
    const known = generation === null ? null : await submissions.read(key, signal);
    if (generation !== null && (known?.generation ?? null) === submission) {
      await bucket.remove(objectOf.secrets(key), signal, generation);
    }
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`the secrets of ${key.runId} could not be removed from the bucket`, error);
  }
}

/**
 * By the name in its submission, else by its labels: which job it is is then written down, so that everybody takes the same. null as well
 * when somebody else has written there in the meantime.
 */
export async function jobOf(
  context: FindContext,
  key: AttemptKey,
  known: KnownSubmission,
  signal: AbortSignal,
): Promise<VertexJob | null> {
  const { jobs, submissions } = context;
  const region = regionOfJob(known.job ?? '');
  if (known.job !== null && region !== null) {
    return jobs.get(region, known.job, signal);
  }
  if (known.region === '') {
    return findUnclaimed(context, key, known.generation, signal);
  }
  const found = await jobs.list(known.region, labelFilter(key), signal);
  const job = theOne(found);
  if (job === null) {
    return null;
  }
  const settled = { region: known.region, name: known.name, spec: known.spec, job: job.name };
  if ((await submissions.claim(key, settled, known.generation, signal)) === null) {
    return null;
  }
  await cancelOthers(context, job, found, signal);
  return job;
}

/**
 * Without a submission nothing was sent; a job may be there all the same, when the bucket was cleared. Others beside it are cancelled
 * unless somebody has begun to submit since the submission was of that generation (null: there was none): one of them may be theirs.
 */
async function findUnclaimed(
  context: FindContext,
  key: AttemptKey,
  submission: string | null,
  signal: AbortSignal,
): Promise<VertexJob | null> {
  const { jobs, submissions } = context;
  const regions = await allRegions(context, signal);
  const answers = await Promise.allSettled(regions.map(async (region) => jobs.list(region, labelFilter(key), signal)));
  signal.throwIfAborted();
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (found.length === 0 && failed !== undefined) {
    throw failed.reason;
  }
  const job = theOne(found);
  if (job !== null && found.length > 1 && failed === undefined) {
    const known = await submissions.read(key, signal);
    if ((known?.generation ?? null) === submission) {
      await cancelOthers(context, job, found, signal);
    }
  }
  return job;
}
