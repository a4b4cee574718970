import { LogRewritten } from '../../engine/log/logLines.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { MetricGoal } from '../../engine/log/scan/scanMessages.ts';
import { LogUnread } from '../../engine/log/unread.ts';

/**
 * Adds the points of a log to a file; resolves when all that the log has now was looked at. Rejects with the signal's reason, with
 * LogRewritten or LogUnread, and when they cannot be written. `report`: lines that were looked at.
 */
export async function writePoints(
  log: OpenLog,
  goal: Extract<MetricGoal, { readonly kind: 'csv' }>,
  signal: AbortSignal,
  report: (lines: number) => void,
): Promise<void> {
  void log.follow();
  const ended = Promise.withResolvers<undefined>();
  const abort = (): void => {
    ended.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  const before = log.outline.generation;
  let scanned = 0;
  const look = (): void => {
    const { generation, counted, lines, problem } = log.outline;
    if (generation !== before) {
      ended.reject(new LogRewritten());
    } else if (problem !== null) {
      ended.reject(new LogUnread(problem));
    } else if (counted && scanned >= lines) {
      ended.resolve(undefined);
    }
  };
  const subscription = log.onDidChange(look);
  const scan = log.scan(goal, (message) => {
    if (message.kind === 'problem') {
      ended.reject(new Error(message.message));
    } else if (message.kind === 'caughtUp') {
      ({ scanned } = message);
      report(scanned);
      look();
    }
  });
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', abort);
    subscription.dispose();
    scan.dispose();
    await scan.ended;
  }
}
