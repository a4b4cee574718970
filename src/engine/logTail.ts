import type { LogTailUpdate } from '../core/logView.ts';
import { TailReader, type TailSource } from './tailReader.ts';

/** In ms: how often the size of the log is looked at, and how often the recorded status is. */
const pollEvery = 40;
const statusEvery = 400;

/**
 * The end of an attempt's log, then what is added to it, merged over its streams in order of arrival and cut into lines: a line
 * stands where it was completed. Yields when something is new and reads nothing while the consumer is busy; one that falls far
 * behind starts at the end again. Ends when the log is complete and was handed out, or when `signal` is aborted.
 *
 * Bytes are shown as soon as they are in the files, before they are recorded. That is safe: after a crash the same bytes are
 * fetched to the same places again. Only how they were chunked may differ; the reader notices that and starts anew.
 */
export async function* tailLog(source: TailSource, signal: AbortSignal): AsyncIterable<LogTailUpdate> {
  const { records, key, clock } = source;
  const reader = new TailReader(source);
  let status: LogTailUpdate['status'] = 'none';
  let statusAt = Number.NEGATIVE_INFINITY;
  let sent: LogTailUpdate['status'] | undefined;
  try {
    while (!signal.aborted) {
      const now = clock.now();
      if (Math.abs(now - statusAt) >= statusEvery) {
        status = records.logState(key).status;
        statusAt = now;
      }
      const { update, more } = await reader.read();
      if (update !== undefined || sent !== status) {
        sent = status;
        yield { ...(update ?? reader.unchanged()), status };
      }
      if (!more) {
        // The status is older than what was read: a log that was complete then has been handed out.
        if (status === 'complete') {
          return;
        }
        await clock.sleep(pollEvery, signal).catch(() => undefined);
      }
    }
  } finally {
    await reader.close();
  }
}
