import type { ConnectionId } from '../core/job.ts';
import { type JobSpec, parseJobSpec } from '../core/jobSpec.ts';
import type { FoundAttempt } from '../core/provider.ts';
import { type SubmissionDeps, runSubmission } from './submission.ts';

/**
 * Finishes what other processes began and did not end: every unfinished submission whose claim ran out is carried on from its
 * journal. Errors end up at the jobs they belong to.
 */
export async function resumeSubmissions(deps: SubmissionDeps, signal: AbortSignal): Promise<void> {
  const { store, logger } = deps;
  await Promise.allSettled(
    store.unfinishedSubmissions().map(async ({ key }) => {
      try {
        const result = await runSubmission(deps, key, signal, { onProgress: () => undefined });
        if (result.kind !== 'elsewhere') {
          logger.info(`submission ${key.runId} was interrupted; it is now ${result.kind}`);
        }
      } catch (error) {
        logger.warn(`submission ${key.runId} could not be finished`, error);
      }
    }),
  );
}

/** Brings back into an empty store what a connection still knows of our runs. Returns how many came back. */
export async function rebuildFrom(deps: SubmissionDeps, connectionId: ConnectionId, signal: AbortSignal): Promise<number> {
  const { store, connections, logger } = deps;
  const connection = await connections.open(connectionId);
  const info = connections.list().find(({ id }) => id === connectionId);
  const found = (await connection.list(signal)).toSorted((a, b) => a.key.attempt - b.key.attempt);
  let count = 0;
  for (const attempt of found) {
    const added = store.adoptAttempt({
      key: attempt.key,
      connectionId,
      providerId: info?.providerId ?? connectionId,
      handle: attempt.handle,
      name: attempt.name,
      spec: specOf(attempt),
      createdAt: attempt.createdAt,
    });
    count += added ? 1 : 0;
  }
  logger.info(`${connectionId} still knew ${found.length} runs; ${count} of them came back`);
  return count;
}

/** The spec as the backend carries it, or the least that can be said when it does not. */
function specOf(found: FoundAttempt): JobSpec {
  const parsed = parseJobSpec(found.spec);
  if (parsed.ok) {
    return parsed.spec;
  }
  const least = parseJobSpec({ name: found.name, command: 'unknown' });
  if (!least.ok) {
    throw new Error(`run ${found.key.runId} has no usable name`);
  }
  return least.spec;
}

