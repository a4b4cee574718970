import type { AttemptKey } from '../../../core/job.ts';
import type { SubmitInput } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { Bucket } from '../client/bucket.ts';
import { hasCode } from '../client/apiError.ts';
import type { VertexJob } from '../client/jobs.ts';
import { labelsOf } from '../labels.ts';
import { objectOf } from '../paths.ts';
import { type JobRequest, readRequest } from '../plan/request.ts';
import { type FindContext, jobOf, onlyJob, settledAfterMs } from './findJob.ts';
import { secretsScript } from './secrets.ts';
import type { Submission } from './submission.ts';

export interface SubmitContext extends FindContext {
  readonly bucket: Bucket;
}

/** Longer after the claim, in ms, nothing is sent any more without looking whether it still is ours: this machine may have slept. */
const freshMs = 10_000;
const lookAgainMs = 1000;

/** Makes the job of an attempt, or finds the one there is: however many submit the same at once, it becomes one. */
export async function submitJob(context: SubmitContext, input: SubmitInput, signal: AbortSignal): Promise<VertexJob> {
  const { key } = input;
  const request = readRequest(input.plan.request);
  refuseOther(request, key);
  const script = secretsScript(request.secrets, input.secrets);
  const submission: Submission = {
    region: request.region,
    name: request.customJob.displayName,
    spec: request.spec,
    job: null,
  };
  const claimed = await claim(context, key, submission, signal);
  if (typeof claimed !== 'string') {
    return claimed;
  }
  const claimedAt = context.clock.now();
  try {
    if (script !== null) {
      await context.bucket.put(objectOf.secrets(key), script, signal);
    }
  } catch (error) {
    await giveBack(context, key, claimed);
    throw error;
  }
  const stillOurs = async (): Promise<void> => {
    if (context.clock.now() - claimedAt >= freshMs) {
      await requireClaim(context, key, claimed, signal);
    }
  };
  return create(context, key, { request, submission, claimed, stillOurs }, signal);
}

/** Our claim's generation, or the job that somebody else made. */
async function claim(
  context: SubmitContext,
  key: AttemptKey,
  submission: Submission,
  signal: AbortSignal,
): Promise<string | VertexJob> {
  const { submissions, clock } = context;
  let waitedMs = 0;
  let generation: string | null = null;
  for (;;) {
    const made = await submissions.claim(key, submission, null, signal);
    if (made !== null) {
      return made;
    }
    const known = await submissions.read(key, signal);
    const job = known === null ? null : await jobOf(context, key, known, signal);
    if (job !== null) {
      return job;
    }
    if (known === null) {
      // Given back in the meantime.
      await clock.sleep(lookAgainMs, signal);
      continue;
    }
    if (known.job !== null) {
      throw new ProviderError('conflict', 'This attempt was submitted before, and its job was deleted.', {
        raw: known.job,
        remedy: 'Submit again: the new job gets a name of its own.',
      });
    }
    if (known.generation !== generation) {
      generation = known.generation;
      waitedMs = known.ageMs;
    }
    if (waitedMs >= settledAfterMs) {
      const taken = await submissions.claim(key, submission, generation, signal);
      if (taken !== null) {
        return taken;
      }
    }
    await clock.sleep(lookAgainMs, signal);
    waitedMs += lookAgainMs;
  }
}

interface Claimed {
  readonly request: JobRequest;
  readonly submission: Submission;
  /** Generation of our claim. */
  readonly claimed: string;
  readonly stillOurs: () => Promise<void>;
}

async function create(
  context: SubmitContext,
  key: AttemptKey,
  { request, submission, claimed, stillOurs }: Claimed,
  signal: AbortSignal,
): Promise<VertexJob> {
  const { jobs, submissions, logger } = context;
  let made: VertexJob;
  try {
    signal.throwIfAborted();
    made = await jobs.create(request.region, request.customJob, stillOurs, signal);
  } catch (error) {
    if (isCertainlyNotMade(error)) {
      await giveBack(context, key, claimed);
    }
    throw error;
  }
  // The job is there, whatever comes of what follows: it only tells others sooner, and would find a second one.
  try {
    const only = (await onlyJob(context, request.region, key, signal)) ?? made;
    await submissions.claim(key, { ...submission, job: only.name }, claimed, signal);
    return only;
  } catch (error) {
    logger.warn(`${made.name} was made, but its submission could not be completed`, error);
    return made;
  }
}

/** Throws when somebody else has taken the attempt over. */
async function requireClaim(
  { submissions }: SubmitContext,
  key: AttemptKey,
  claimed: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await submissions.read(key, signal))?.generation !== claimed) {
    throw new ProviderError('transient', 'This attempt was submitted from elsewhere in the meantime.');
  }
}

/** After an answer that says no, or when the request never left. Anything else may have been done. */
function isCertainlyNotMade(error: unknown): boolean {
  return (
    hasCode(
      error,
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'ALREADY_EXISTS',
      'PERMISSION_DENIED',
      'RESOURCE_EXHAUSTED',
      'FAILED_PRECONDITION',
      'OUT_OF_RANGE',
      'UNIMPLEMENTED',
      'UNAUTHENTICATED',
    ) ||
    (isProviderError(error) &&
      (error.tag === 'auth' || /No connection established|ECONNREFUSED|ENOTFOUND/u.test(error.raw ?? '')))
  );
}

/** Nothing is left of an attempt that was refused. Its own signal: whoever submitted may be gone. */
async function giveBack({ bucket, submissions }: SubmitContext, key: AttemptKey, claimed: string): Promise<void> {
  const soon = AbortSignal.timeout(10_000);
  await Promise.allSettled([submissions.release(key, claimed, soon), bucket.remove(objectOf.secrets(key), soon)]);
}

function refuseOther({ customJob }: JobRequest, key: AttemptKey): void {
  const wanted = Object.entries(labelsOf(key));
  if (wanted.some(([name, value]) => customJob.labels[name] !== value)) {
    throw new ProviderError('invalid', `The plan is not for ${key.runId}, attempt ${key.attempt}.`);
  }
}
