import type { AttemptKey } from '../core/job.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { isProviderError } from '../core/providerError.ts';
import type { JobStore } from './jobStore.ts';

/** An error as a plain sentence with what to do about it, and the provider's own words. */
export function explain(error: unknown): { readonly reason: string; readonly native: string | null } {
  if (isProviderError(error)) {
    return { reason: [error.message, error.remedy].filter(Boolean).join(' '), native: error.raw ?? null };
  }
  return { reason: error instanceof Error ? error.message : String(error), native: null };
}

/**
 * Puts an error that ends nothing into the job's timeline, once for as long as it stays the same. Never throws: a store that
 * cannot be written, as on a full disk, must not stop what the note is about.
 */
export function noteError(
  { store, clock, logger }: { readonly store: JobStore; readonly clock: Clock; readonly logger: Logger },
  { runId, attempt }: AttemptKey,
  text: string,
  native: string | null,
): void {
  try {
    if (store.events(runId).findLast(({ kind }) => kind === 'error')?.text !== text) {
      store.addEvent(runId, { at: clock.now(), attempt, kind: 'error', state: null, text, native });
    }
  } catch (error) {
    logger.warn(`this could not be noted in the timeline of ${runId}: ${text}`, error);
  }
}
