import type { Logger } from '../../../core/ports.ts';
import type { Jobs, VertexJob } from '../client/jobs.ts';
import { regionOfJob } from './submission.ts';

const hasEnded = ({ state }: VertexJob): boolean => /SUCCEEDED|FAILED|CANCEL|EXPIRED/u.test(state);

/**
 * Which of the jobs with the key of one attempt is its job, where that was not written down. There are several when a network repeats
 * requests, or when somebody made another one with the same labels: one that goes on comes before one that succeeded, and both before
 * one that failed; else the oldest is the one.
 */
export function theOne(jobs: readonly VertexJob[]): VertexJob | null {
  const rank = (job: VertexJob): number => (hasEnded(job) ? (job.state.includes('SUCCEEDED') ? 1 : 2) : 0);
  const [first] = jobs.toSorted((a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  return first ?? null;
}

/** Cancels what goes on beside the job of an attempt. */
export async function cancelOthers(
  { jobs, logger }: { readonly jobs: Jobs; readonly logger: Logger },
  job: VertexJob,
  found: readonly VertexJob[],
  signal: AbortSignal,
): Promise<void> {
  for (const other of found.filter((each) => each.name !== job.name && !hasEnded(each))) {
    logger.warn(`${other.name} is a second job beside ${job.name}: it is cancelled`);
    await jobs.cancel(regionOfJob(other.name) ?? '', other.name, signal);
  }
}
