import type { RunDetails } from '../client/runHistory.ts';
import { timeOf } from '../job.ts';

/** Azure brings the last lines to storage up to half a minute after the end, in ms. */
const growsFor = 30_000;

/** What has grown since the look before is looked at for so long again, in ms. */
export const quietFor = 10_000;

/** Between the looks at a log whose job has ended, in ms: most of what is missing comes soon. */
export function* pausesAfterEnd(): Generator<number, never> {
  for (let ms = 1000; ; ms = Math.min(8000, ms * 2)) {
    yield ms;
  }
}

/**
 * How long the log of a job that has ended may still grow, in ms; 0 when it surely does not. By Azure's clock alone, for that of this
 * machine may be wrong; where Azure says no time, from now on.
 */
export function stillGrowsFor(details: RunDetails | null): number {
  const hasRun = Boolean(details?.startTimeUtc) || Object.keys(details?.logFiles ?? {}).length > 0;
  if (details === null || !hasRun) {
    return 0;
  }
  const endedAt = timeOf(details.endTimeUtc);
  const { answeredAt = null } = details;
  const since = endedAt === null || answeredAt === null ? 0 : answeredAt - endedAt;
  return Math.min(growsFor, Math.max(0, growsFor - since));
}
