import * as z from 'zod/mini';
import { type AttemptKey, isRunId, type RunId } from '../../core/job.ts';
import type { Handle } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';

const dataSchema = z.object({
  project: z.string(),
  region: z.string(),
  /** Number of the job within its region, as its log entries carry it. */
  jobId: z.string(),
  runId: z.custom<RunId>(isRunId),
  attempt: z.number(),
  /** Where its code, submission and results are. */
  bucket: z.string(),
  /** `gs://` folder of models, checkpoints and TensorBoard logs. */
  outputUri: z.string(),
  createdAt: z.number(),
});

export type HandleData = z.infer<typeof dataSchema>;

const namePattern = /^projects\/[^/]+\/locations\/([^/]+)\/customJobs\/([^/]+)$/u;

/** What a handle says of a job beside its name. */
type JobFacts = Pick<HandleData, 'outputUri' | 'createdAt'> & {
  /** The job's resource name as Vertex AI gives it: the project's number may stand in it. */
  readonly name: string;
};

export function handleOf(
  { name, outputUri, createdAt }: JobFacts,
  key: AttemptKey,
  project: string,
  bucket: string,
): Handle {
  const [, region, jobId] = namePattern.exec(name) ?? [];
  if (region === undefined || jobId === undefined) {
    throw new ProviderError('transient', 'Google Cloud named a job in a way that is not understood.', { raw: name });
  }
  const data: HandleData = {
    project,
    region,
    jobId,
    runId: key.runId,
    attempt: key.attempt,
    bucket,
    outputUri,
    createdAt,
  };
  return { id: name, data };
}

/** Throws `invalid` for the handle of another kind. */
export function dataOf(handle: Handle): HandleData {
  const parsed = z.safeParse(dataSchema, handle.data);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'This is not a job of Google Cloud.', { raw: parsed.error.message });
  }
  return parsed.data;
}

export function keyOf({ runId, attempt }: HandleData): AttemptKey {
  return { runId, attempt };
}
