import type { RunId } from '../core/job.ts';
import { ProviderError } from '../core/providerError.ts';
import { type CancellationDeps, cancelJob } from './cancellation.ts';
import { explain } from './errorNote.ts';

/** How often a wish that could not be noted is tried again, in ms. */
const againAfter = 2_000;

/** The person's wishes to cancel. One that the store could not take down is kept here, and tried again until it can. */
export class CancelWishes {
  readonly #deps: CancellationDeps;
  readonly #signal: AbortSignal;
  readonly #unwritten = new Set<RunId>();
  #retrying: Promise<void> | undefined;

  /** `signal` ends with the window. */
  constructor(deps: CancellationDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Rejects when the wish could not be noted, although the provider was asked; it is then tried again by itself. */
  async cancel(runId: RunId): Promise<void> {
    try {
      await cancelJob(this.#deps, runId, this.#signal);
      this.#unwritten.delete(runId);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#unwritten.add(runId);
      this.#retrying ??= this.#retry();
      const { reason } = explain(error);
      throw new ProviderError('transient', `The job was asked to end, but this could not be noted. ${reason}`, {
        cause: error,
        remedy: 'It is tried again for as long as this window is open.',
      });
    }
  }

  async #retry(): Promise<void> {
    const { clock, logger } = this.#deps;
    while (this.#unwritten.size > 0) {
      await clock.sleep(againAfter, this.#signal).catch(() => undefined);
      if (this.#signal.aborted) {
        break;
      }
      for (const runId of this.#unwritten) {
        await this.cancel(runId).catch((error: unknown) => {
          logger.debug(`the wish to cancel ${runId} still cannot be noted`, error);
        });
      }
    }
    this.#retrying = undefined;
  }

  /** Resolves when nothing is under way any more; the signal has to be aborted before. */
  async settled(): Promise<void> {
    await this.#retrying;
  }
}
