import type { Disposable } from '../core/event.ts';
import type { AttemptKey } from '../core/job.ts';
import type { TerminalState } from '../core/jobState.ts';
import type { Logger } from '../core/ports.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import type { JobStore } from './jobStore.ts';
import type { StepData } from './submissionRecords.ts';

/** A claim that is not renewed runs out after this long, in ms; then another window may finish the submission. */
export const claimMs = 4_000;
const renewMs = 1_000;

/** Our right to carry a submission on, kept alive until disposed. Several windows may want it; one has it. */
export class SubmissionClaim implements Disposable {
  readonly #store: JobStore;
  readonly #key: AttemptKey;
  readonly #lost = new AbortController();
  readonly #cancelled = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #subscription: Disposable;

  /** For a submission that was claimed just now. */
  constructor(store: JobStore, key: AttemptKey, logger: Logger) {
    this.#store = store;
    this.#key = key;
    const guarded = (look: () => void) => () => {
      try {
        look();
      } catch (error) {
        logger.warn(`the claim on submission ${key.runId} could not be looked after`, error);
      }
    };
    this.#timer = setInterval(
      guarded(() => {
        this.#renew();
      }),
      renewMs,
    );
    this.#subscription = store.onDidChange(({ runIds }) => {
      if (runIds.has(key.runId)) {
        guarded(() => {
          this.#lookForCancel();
        })();
      }
    });
    this.#lookForCancel();
  }

  /** Aborted once another window has the submission. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborted once somebody wants the job to be cancelled. */
  get cancelled(): AbortSignal {
    return this.#cancelled.signal;
  }

  /** Records a step. Throws when the submission is another window's by now, as after sleep. */
  record(step: SubmissionStep, data: StepData): void {
    this.#keep(this.#store.recordStep(this.#key, step, data));
    this.lost.throwIfAborted();
  }

  /** Records how the submission ended. Throws as `record` does. */
  end(state: TerminalState, reason: string, native: string | null): void {
    this.#keep(this.#store.endSubmission(this.#key, state, reason, native));
    this.lost.throwIfAborted();
  }

  #renew(): void {
    this.#keep(this.#store.claimSubmission(this.#key, claimMs));
  }

  #keep(ours: boolean): void {
    if (!ours) {
      this.#lost.abort(new DOMException('Another window took the submission over', 'AbortError'));
    }
  }

  #lookForCancel(): void {
    const job = this.#store.job(this.#key.runId);
    if (job === undefined || job.cancelRequestedAt !== null) {
      this.#cancelled.abort(new DOMException('The job is to be cancelled', 'AbortError'));
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#subscription.dispose();
  }
}
