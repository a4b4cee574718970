import type { ConnectionId } from '../core/job.ts';
import { type JobSpec, parseJobSpec } from '../core/jobSpec.ts';
import type { FoundAttempt } from '../core/provider.ts';
import type { CancellationDeps } from './cancellation.ts';
import { explain } from './errorNote.ts';
import { delayAfter, within } from './retry.ts';
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

/** Under this name the store keeps the connections that have not been asked yet since it was lost. */
const pendingKey = 'rebuild';
/** In ms. */
const listWithin = 60_000;
const backoff = { first: 2_000, longest: 300_000 };

/** Notes in the new store that the former one was lost: every connection is to be asked what it knows, now or after a restart. */
export function noteLostStore({ store, connections }: Pick<CancellationDeps, 'store' | 'connections'>): void {
  store.setValue(pendingKey, JSON.stringify(connections.list().map(({ id }) => id)));
}

/**
 * Brings back what the connections still know of our runs, if the store was lost: each becomes a job again. A connection that
 * does not answer is asked again until it does. Rejects only when `signal` is aborted.
 */
export async function rebuildLost(deps: CancellationDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, logger } = deps;
  for (let failures = 1; ; failures += 1) {
    const pending = pendingConnections(deps);
    if (pending.length === 0) {
      return;
    }
    const outcomes = await Promise.allSettled(
      pending.map(async (id) => {
        await rebuildFrom(deps, id, signal);
      }),
    );
    signal.throwIfAborted();
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    store.setValue(pendingKey, JSON.stringify(pending.filter((_, index) => outcomes[index]?.status === 'rejected')));
    if (errors.length > 0) {
      logger.warn(`runs could not be looked for yet: ${errors.map((error) => explain(error).reason).join(' ')}`);
      await clock.sleep(delayAfter(errors[0], failures, backoff), signal);
    }
  }
}

/** Those that are still set up. */
function pendingConnections({
  store,
  connections,
}: Pick<CancellationDeps, 'store' | 'connections'>): readonly ConnectionId[] {
  const noted: unknown = JSON.parse(store.value(pendingKey) ?? '[]');
  return Array.isArray(noted) ? connections.list().flatMap(({ id }) => (noted.includes(id) ? [id] : [])) : [];
}

async function rebuildFrom(deps: CancellationDeps, connectionId: ConnectionId, signal: AbortSignal): Promise<void> {
  const { store, connections, clock, logger } = deps;
  const connection = await connections.open(connectionId);
  const info = connections.list().find(({ id }) => id === connectionId);
  const found = await within(listWithin, clock, signal, async (limited) => await connection.list(limited));
  let count = 0;
  for (const attempt of found.toSorted((a, b) => a.key.attempt - b.key.attempt)) {
    const spec = specOf(attempt);
    const { key, handle, createdAt } = attempt;
    const isNew = store.adoptAttempt({
      key,
      connectionId,
      providerId: info?.providerId ?? connectionId,
      handle,
      name: spec.name,
      spec,
      createdAt: Math.round(createdAt),
    });
    count += isNew ? 1 : 0;
  }
  logger.info(`${connectionId} still knew ${found.length} runs; ${count} of them came back`);
}

/** The spec as the backend carries it, or the least that can be said when it does not. */
function specOf(found: FoundAttempt): JobSpec {
  const command = 'unknown';
  for (const input of [found.spec, { name: found.name, command }, { name: found.key.runId, command }]) {
    const parsed = parseJobSpec(input);
    if (parsed.ok) {
      return parsed.spec;
    }
  }
  throw new Error(`Run ${found.key.runId} cannot be read.`);
}
