import type { LogGapNote, LogTruth } from '../../core/logRow.ts';
import type { LogStatus } from '../logRecords.ts';

/** What can be said of a log as a whole. One with a gap is never called complete; the gaps themselves say from when to when. */
export function truthOf(status: LogStatus, gaps: readonly LogGapNote[]): LogTruth {
  if (gaps.length === 0) {
    return status;
  }
  const reasons = gaps.map(({ reason }) => reason).join('\n');
  if (/\bsampl(?:ed|ing)\b/iu.test(reasons)) {
    return 'sampled';
  }
  return /\bretention\b|\bexpired\b/iu.test(reasons) ? 'expired' : 'gap';
}
