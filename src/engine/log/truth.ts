import type { LogGapNote, LogTruth } from '../../core/logRow.ts';
import type { LogStatus } from '../logRecords.ts';

/** What can be said of a log as a whole. One with a gap is never called complete; the gaps themselves say from when to when. */
export function truthOf(status: LogStatus, gaps: readonly LogGapNote[]): LogTruth {
  const causes = [...new Set(gaps.map(({ cause }) => cause ?? 'gap'))].filter((cause) => cause !== 'late');
  const [first] = causes;
  return first === undefined ? status : causes.length === 1 ? first : 'gap';
}
