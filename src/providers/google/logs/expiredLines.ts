import type { EpochMs } from '../../../core/job.ts';

const dayMs = 86_400_000;
/** So long Cloud Logging keeps entries in the bucket `_Default` unless the project says otherwise (Quotas and limits of Cloud Logging). */
const keptDays = 30;
/** So long after that they may still be found, in ms. */
const slackMs = 2 * dayMs;

export interface ExpiredLines {
  readonly from: EpochMs;
  /** What was printed before is kept only where the project says so. */
  readonly to: EpochMs;
}

/** Where lines may be gone of a log that is read on from `from` now; null where all of them are kept. */
export function expiredLines(from: EpochMs, now: EpochMs): ExpiredLines | null {
  const to = now - keptDays * dayMs;
  return from < to ? { from, to } : null;
}

/** Whether the first line that is found, printed then, shows that this project keeps lines for longer. */
export function areKeptLonger({ to }: ExpiredLines, firstAt: EpochMs): boolean {
  return firstAt < to - slackMs;
}

export const expiredReason = `earlier lines may be gone: Cloud Logging keeps them for ${keptDays} days unless the project says otherwise`;
