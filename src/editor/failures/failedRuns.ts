import type { EpochMs, Job, RunId } from '../../core/job.ts';
import type { FailedRun } from './failureMark.ts';

/** A run that has ended, as far as it matters to marks. */
export interface EndedRun extends FailedRun {
  readonly outcome: 'succeeded' | 'failed';
}

/** null for a job that has not ended, or was cancelled. */
export function endedRun({ runId, name, sourceFolder, state, endedAt, createdAt }: Job): EndedRun | null {
  return state === 'succeeded' || state === 'failed'
    ? { runId, name, sourceFolder, endedAt: endedAt ?? createdAt, outcome: state }
    : null;
}

/** How long a failure is news, in ms. */
const newsFor = 24 * 3_600_000;

/**
 * The runs whose failure is to be marked, newest first: of each job (its name and its folder) the newest run, if that failed, is
 * not older than a day and was not dismissed.
 */
export function runsToMark(
  ended: readonly EndedRun[],
  dismissed: ReadonlySet<RunId>,
  now: EpochMs,
): readonly FailedRun[] {
  const newest = new Map<string, EndedRun>();
  for (const run of ended.toSorted((a, b) => a.endedAt - b.endedAt)) {
    newest.set(`${run.sourceFolder}\0${run.name}`, run);
  }
  return [...newest.values()]
    .filter(({ outcome, runId, endedAt }) => outcome === 'failed' && !dismissed.has(runId) && now - endedAt <= newsFor)
    .toSorted((a, b) => b.endedAt - a.endedAt);
}
