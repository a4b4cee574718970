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
  /** Where its code, lock and results are. */
  bucket: z.string(),
});

export type HandleData = z.infer<typeof dataSchema>;

const namePattern = /^projects\/[^/]+\/locations\/([^/]+)\/customJobs\/([^/]+)$/u;

/** `name` is the job's resource name as Vertex AI gives it: the project's number may stand in it. */
export function handleOf(name: string, key: AttemptKey, project: string, bucket: string): Handle {
  const [, region, jobId] = namePattern.exec(name) ?? [];
  if (region === undefined || jobId === undefined) {
    throw new ProviderError('transient', 'Google Cloud named a job in a way that is not understood.', { raw: name });
  }
  return { id: name, data: { project, region, jobId, runId: key.runId, attempt: key.attempt, bucket } };
}

/** Throws `invalid` for the handle of another kind. */
export function dataOf(handle: Handle): HandleData {
  const parsed = z.safeParse(dataSchema, handle.data);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'This is not a job of Google Cloud.', { raw: parsed.error.message });
  }
  return parsed.data;
}
