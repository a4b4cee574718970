import type { EpochMs, Job, JobEvent } from '../core/job.ts';
import type { JobState } from '../core/jobState.ts';

/** Whether a job in that state has not the machines it needs. */
export function waits(state: JobState): boolean {
  return state === 'queued' || state === 'provisioning' || state === 'preempted';
}

/**
 * Since when a job waits for its machines: since it was accepted, or since it lost those it ran on. null when it does not wait, or
 * is to end anyway. `events` are those of its attempt, oldest first.
 */
export function waitingSince(
  job: Pick<Job, 'state' | 'startedAt' | 'cancelRequestedAt'>,
  events: readonly Pick<JobEvent, 'at' | 'state'>[],
  acceptedAt: EpochMs,
): EpochMs | null {
  if (!waits(job.state) || job.cancelRequestedAt !== null) {
    return null;
  }
  const changes = events.filter(({ state }) => state !== null);
  const ran = changes.findLastIndex(({ state }) => state === 'running');
  const { startedAt } = job;
  // Providers are sampled: that it ran may never have been seen, only that it is in the queue after it has started.
  const lost =
    ran === -1
      ? changes.find(
          ({ at, state }) => state === 'preempted' || (state === 'queued' && startedAt !== null && at >= startedAt),
        )
      : changes[ran + 1];
  return lost?.at ?? startedAt ?? acceptedAt;
}
