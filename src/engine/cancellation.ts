import type { AttemptKey, ConnectionId, RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Handle } from '../core/provider.ts';
import type { Connections } from './connections.ts';
import { explain, noteError } from './errorNote.ts';
import type { JobStore } from './jobStore.ts';
import { within } from './retry.ts';

export interface CancellationDeps {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a provider may take to answer, in ms. */
const answerWithin = 30_000;

/**
 * Notes the wish and passes it on at once, if there is a provider that has the job; the watcher repeats it until the job has
 * ended, and what the provider says then is what counts. False when the job has ended already. A store that cannot be written,
 * as when the job itself fills the disk, keeps no job running: the provider is asked all the same, then the store's error is
 * thrown, as nobody will repeat a wish that was not noted.
 */
export async function cancelJob(deps: CancellationDeps, runId: RunId, signal: AbortSignal): Promise<boolean> {
  const noted = note(deps.store, runId);
  if (noted.ok && !noted.wanted) {
    return false;
  }
  const attempt = deps.store.job(runId)?.attempts.at(-1);
  if (attempt !== undefined && attempt.handle !== null && !isTerminal(attempt.state)) {
    const { number, connectionId, handle } = attempt;
    await deliverCancel(deps, { key: { runId, attempt: number }, connectionId, handle }, signal);
  }
  if (!noted.ok) {
    throw noted.error;
  }
  return true;
}

type Noted = { readonly ok: true; readonly wanted: boolean } | { readonly ok: false; readonly error: unknown };

function note(store: JobStore, runId: RunId): Noted {
  try {
    return { ok: true, wanted: store.requestCancel(runId) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Asks the provider once. An error is noted in the job's timeline; only an abort rejects. */
export async function deliverCancel(
  deps: CancellationDeps,
  accepted: { readonly key: AttemptKey; readonly connectionId: ConnectionId; readonly handle: Handle },
  signal: AbortSignal,
): Promise<void> {
  const { connections, clock, logger } = deps;
  const { key, connectionId, handle } = accepted;
  try {
    const connection = await connections.open(connectionId);
    await within(answerWithin, clock, signal, async (limited) => {
      await connection.cancel(handle, limited);
    });
  } catch (error) {
    signal.throwIfAborted();
    const { reason, native } = explain(error);
    logger.warn(`${key.runId} could not be cancelled yet; it is tried again: ${reason}`);
    noteError(deps, key, `It could not be cancelled yet and is asked again. ${reason}`, native);
  }
}
