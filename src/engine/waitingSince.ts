import type { EpochMs, Job, JobEvent } from '../core/job.ts';
import { waits } from '../core/jobState.ts';

/** Whether a change of state, among all others in order, tells that nobody saw the job run, only that it waits anew: see `AttemptRecords`. */
export function tellsUnseenRun(changes: readonly Pick<JobEvent, 'state'>[], index: number): boolean {
  return changes[index]?.state === changes[index - 1]?.state;
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
  const again = changes.findLastIndex((_, index) => tellsUnseenRun(changes, index));
  const lost =
    again > ran ? changes[again] : ran === -1 ? changes.find(({ state }) => state === 'preempted') : changes[ran + 1];
  return lost?.at ?? job.startedAt ?? acceptedAt;
}
