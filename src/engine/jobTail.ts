import { currentAttempt, type RunId } from '../core/job.ts';
import type { Clock } from '../core/ports.ts';
import type { LogTailUpdate } from '../core/logView.ts';
import type { JobStore } from './jobStore.ts';
import { attemptLogFolder } from './logFolder.ts';
import { tailLog } from './logTail.ts';

export interface JobTailDeps {
  readonly store: JobStore;
  readonly root: string;
  readonly clock: Clock;
}

/**
 * The log of a job's newest attempt, from its last lines on; when a newer attempt begins, that one's instead. Pulls: nothing is
 * read while the consumer is busy. Ends with the signal, or when the job is deleted.
 */
export async function* tailJob(deps: JobTailDeps, runId: RunId, signal: AbortSignal): AsyncIterable<LogTailUpdate> {
  const { store, root, clock } = deps;
  const newest = (): number | undefined => {
    const job = store.job(runId);
    return job === undefined ? undefined : currentAttempt(job)?.number;
  };
  let shown: number | undefined;
  for (let attempt = newest(); attempt !== undefined && !signal.aborted; attempt = newest()) {
    const superseded = new AbortController();
    const subscription = store.onDidChange(({ runIds }) => {
      if (runIds.has(runId) && newest() !== attempt) {
        superseded.abort();
      }
    });
    const until = AbortSignal.any([signal, superseded.signal]);
    try {
      if (attempt !== shown) {
        shown = attempt;
        const key = { runId, attempt };
        yield* tailLog({ key, folder: attemptLogFolder(root, key), records: store, clock }, until);
      }
      await aborted(until);
    } finally {
      subscription.dispose();
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  }
}
