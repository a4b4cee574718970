import type { AttemptKey, EpochMs } from '../../../core/job.ts';
import type { SubmitInput } from '../../../core/provider.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import { untilAborted } from '../client/access.ts';
import { hasCode } from '../client/apiError.ts';
import type { VertexJob } from '../client/jobs.ts';
import { labelFilter, labelsOf } from '../labels.ts';
import { objectOf } from '../paths.ts';
import { type JobRequest, readRequest } from '../plan/request.ts';
import { type FindContext, findJob, jobOf, settledAfterMs } from './findJob.ts';
import { rememberRegion } from './otherRegions.ts';
import { cancelOthers } from './secondJobs.ts';
import { secretsScript } from './secrets.ts';
import type { Submission } from './submission.ts';

/** Longer after the claim, in ms, nothing is sent any more without renewing it: this machine may have slept. */
const freshMs = 10_000;
/** How long secrets may be on their way, and what is given back, in ms. */
const secretsWithinMs = 30_000;
const giveBackWithinMs = 10_000;
const lookAgainMs = 1000;

/** Makes the job of an attempt, or finds the one there is: however many submit the same at once, it becomes one. */
export async function submitJob(context: FindContext, input: SubmitInput, signal: AbortSignal): Promise<VertexJob> {
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
  await rememberRegion(context, request.region, signal);
  const made = await claim(context, key, submission, signal);
  if (typeof made !== 'string') {
    return made;
  }
  const claimed: Claimed = { request, submission, generation: made, at: context.clock.now() };
  // Cloud Storage's client knows no signals: what was begun arrives, whether or not anybody waits for it.
  const putting =
    script === null
      ? Promise.resolve()
      : context.bucket.put(objectOf.secrets(key), script, AbortSignal.timeout(secretsWithinMs));
  try {
    await untilAborted(signal, putting);
    signal.throwIfAborted();
  } catch (error) {
    await untilAborted(AbortSignal.timeout(giveBackWithinMs), putting).catch(() => undefined);
    await giveBack(context, key, claimed);
    throw error;
  }
  return create(context, key, claimed, signal);
}

/** Our claim's generation, or the job that somebody else made. */
async function claim(
  context: FindContext,
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

/** An attempt that is ours to submit. */
interface Claimed {
  readonly request: JobRequest;
  readonly submission: Submission;
  /** Of our claim as it was written last, and when. */
  generation: string;
  at: EpochMs;
}

async function create(
  context: FindContext,
  key: AttemptKey,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<VertexJob> {
  const { jobs, submissions, logger } = context;
  const { request, submission } = claimed;
  const stillOurs = async (): Promise<void> => {
    if (!(await isOurs(context, key, claimed, signal))) {
      throw new ProviderError('transient', 'This attempt was submitted from elsewhere in the meantime.');
    }
  };
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
  // The job is there, whatever comes of what follows: it tells others which one it is, and would find a second one. Should somebody
  // have written down another one, it is the second.
  try {
    const written = await submissions.claim(key, { ...submission, job: made.name }, claimed.generation, signal);
    const only = written === null ? ((await findJob(context, key, signal)) ?? made) : made;
    await cancelOthers(context, only, await jobs.list(request.region, labelFilter(key), signal), signal);
    return only;
  } catch (error) {
    logger.warn(`${made.name} was made, but its submission could not be completed`, error);
    return made;
  }
}

/**
 * False when somebody else has taken the attempt over. A claim that is not fresh any more is written anew, so that nobody takes it for
 * one that was given up.
 */
async function isOurs(
  { submissions, clock }: FindContext,
  key: AttemptKey,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<boolean> {
  const at = clock.now();
  if (at - claimed.at < freshMs) {
    return true;
  }
  const generation = await submissions.claim(key, claimed.submission, claimed.generation, signal);
  if (generation !== null) {
    Object.assign(claimed, { generation, at });
  }
  return generation !== null;
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

/** Nothing is left of an attempt that was refused and still is ours. Its own signal: whoever submitted may be gone. Never rejects. */
async function giveBack(context: FindContext, key: AttemptKey, claimed: Claimed): Promise<void> {
  const { bucket, submissions, logger } = context;
  const soon = AbortSignal.timeout(giveBackWithinMs);
  try {
    if (await isOurs(context, key, claimed, soon)) {
      await bucket.remove(objectOf.secrets(key), soon);
      await submissions.release(key, claimed.generation, soon);
    }
  } catch (error) {
    logger.warn(`what the bucket has of ${key.runId}, which was not submitted, could not be removed`, error);
  }
}

function refuseOther({ customJob }: JobRequest, key: AttemptKey): void {
  const wanted = Object.entries(labelsOf(key));
  if (wanted.some(([name, value]) => customJob.labels[name] !== value)) {
    throw new ProviderError('invalid', `The plan is not for ${key.runId}, attempt ${key.attempt}.`);
  }
}
