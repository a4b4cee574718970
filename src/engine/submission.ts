import { type Attempt, type AttemptKey, type Job, keyText } from '../core/job.ts';
import type { Clock, Logger, Secrets } from '../core/ports.ts';
import type { Connection, Handle, JsonObject, Plan, Snapshot } from '../core/provider.ts';
import { ProviderError } from '../core/providerError.ts';
import { formatElapsed } from '../core/quantity.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import { deliverCancel } from './cancellation.ts';
import type { Connections } from './connections.ts';
import { explain, noteError } from './errorNote.ts';
import { type Making, makingOf } from './making.ts';
import type { JobStore } from './jobStore.ts';
import { retry, within } from './retry.ts';
import type { Snapshots } from './snapshots.ts';
import { claimMs, SubmissionClaim } from './submissionClaim.ts';
import { patience, SubmissionRequest } from './submissionRequest.ts';

export interface SubmissionDeps {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly snapshots: Snapshots;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys of the submissions that this process is at; a claim alone does not tell them apart. */
  readonly running: Set<string>;
}

/** What a submission is doing, for the person who waits. */
export interface SubmissionProgress {
  /** The step that is being worked on. */
  readonly step: SubmissionStep;
  readonly text: string;
  /** 0 to 1, where it is known. */
  readonly fraction: number | null;
}

export interface SubmissionObserver {
  onProgress(progress: SubmissionProgress): void;
}

export type SubmissionResult =
  | { readonly kind: 'accepted'; readonly handle: Handle }
  | { readonly kind: 'cancelled' }
  /** Another process is at it, or it was finished before. */
  | { readonly kind: 'elsewhere' };

/** Code that was not captured yet is not taken from the folder any more after this long, in ms: it would not be what was meant. */
const captureWithin = 10 * 60_000;
/** Captured later than this, in ms, the code may not be what was on the screen: the timeline says so. */
const promptly = 5_000;
/** Code that is being sent and does not get any further for this long, in ms, is sent anew. */
const stallsAfter = 120_000;

/**
 * Carries one submission on from wherever its journal says it is, until the provider accepted it, it failed for good or it was
 * cancelled. Safe to call from several processes and after any death: a step is recorded before the next begins, and once a
 * request may have gone out, the provider is asked for it before anything else. An error that ends the submission is recorded
 * and thrown. While it is not known whether a request arrived, an error is thrown but ends nothing, and an abort of `signal`
 * never does: somebody else finishes it later.
 */
export async function runSubmission(
  deps: SubmissionDeps,
  key: AttemptKey,
  signal: AbortSignal,
  observer: SubmissionObserver,
): Promise<SubmissionResult> {
  const { store, logger, running } = deps;
  const name = keyText(key);
  if (running.has(name) || !store.claimSubmission(key, claimMs)) {
    return { kind: 'elsewhere' };
  }
  const job = store.job(key.runId);
  const attempt = job?.attempts.find(({ number }) => number === key.attempt);
  if (job === undefined || attempt === undefined) {
    return { kind: 'elsewhere' };
  }
  running.add(name);
  const claim = new SubmissionClaim(store, key, logger);
  try {
    return await new Submission(deps, { key, job, attempt }, claim, signal, observer).run();
  } finally {
    claim.dispose();
    running.delete(name);
  }
}

interface Subject {
  readonly key: AttemptKey;
  readonly job: Job;
  readonly attempt: Attempt;
}

/** One run through the journal's steps. */
class Submission {
  readonly #deps: SubmissionDeps;
  readonly #key: AttemptKey;
  readonly #job: Job;
  readonly #attempt: Attempt;
  readonly #claim: SubmissionClaim;
  readonly #observer: SubmissionObserver;
  /** Ends with the window or with the claim. */
  readonly #ours: AbortSignal;
  /** Ends with a wish to cancel as well: for whatever comes before the request. */
  readonly #wanted: AbortSignal;
  readonly #request: SubmissionRequest;

  constructor(
    deps: SubmissionDeps,
    { key, job, attempt }: Subject,
    claim: SubmissionClaim,
    signal: AbortSignal,
    observer: SubmissionObserver,
  ) {
    this.#deps = deps;
    this.#key = key;
    this.#job = job;
    this.#attempt = attempt;
    this.#claim = claim;
    this.#observer = observer;
    this.#ours = AbortSignal.any([signal, claim.lost]);
    this.#wanted = AbortSignal.any([this.#ours, claim.cancelled]);
    this.#request = new SubmissionRequest({
      ...deps,
      key,
      connectionId: attempt.connectionId,
      claim,
      ours: this.#ours,
      wanted: this.#wanted,
      onAsk: () => {
        this.#progress('sending', 'Asking whether the request arrived');
      },
      onSend: () => {
        this.#progress('sending', 'Submitting');
      },
    });
  }

  async run(): Promise<SubmissionResult> {
    try {
      const handle = await this.#sentOrCancelled();
      if (handle !== null) {
        return await this.#accept(handle);
      }
      this.#claim.end('cancelled', 'cancelled before it was submitted', null);
      return { kind: 'cancelled' };
    } catch (error) {
      if (this.#ours.aborted) {
        throw error;
      }
      if (this.#request.isOpen) {
        this.#leaveOpen(error);
        throw error;
      }
      const { reason, native } = explain(error);
      this.#claim.end('failed', reason, native);
      throw error;
    }
  }

  /** The provider's handle; null when the job was to be cancelled and the provider has none. */
  async #sentOrCancelled(): Promise<Handle | null> {
    try {
      return await this.#send();
    } catch (error) {
      if (this.#ours.aborted || !this.#claim.cancelled.aborted) {
        throw error;
      }
      return await this.#request.find();
    }
  }

  async #send(): Promise<Handle> {
    const found = await this.#request.find();
    if (found !== null) {
      return found;
    }
    this.#wanted.throwIfAborted();
    const secrets = await this.#secrets();
    const snapshot = await this.#snapshot();
    this.#wanted.throwIfAborted();
    const connection = await this.#deps.connections.open(this.#attempt.connectionId);
    const plan = this.#plan(connection, snapshot);
    const staged = await this.#stage(connection, snapshot);
    return await this.#request.send({ plan, staged, secrets, key: this.#key });
  }

  async #accept(handle: Handle): Promise<SubmissionResult> {
    this.#claim.record('accepted', { handle });
    if (this.#deps.store.job(this.#key.runId)?.cancelRequestedAt !== null) {
      await deliverCancel(this.#deps, { key: this.#key, connectionId: this.#attempt.connectionId, handle }, this.#ours);
    }
    return { kind: 'accepted', handle };
  }

  /** Says why nobody knows yet how it ended, once; only somebody who takes the provider away can make it end without an answer. */
  #leaveOpen(error: unknown): void {
    const { connections } = this.#deps;
    const { connectionId } = this.#attempt;
    const { reason, native } = explain(error);
    if (this.#claim.cancelled.aborted && !connections.list().some(({ id }) => id === connectionId)) {
      const where = connections.label(connectionId);
      this.#claim.end(
        'failed',
        `${where} is no longer set up here: look there whether run ${this.#key.runId} was submitted`,
        native,
      );
      return;
    }
    const text = `It is not known yet whether the request arrived; the provider is asked again. ${reason}`;
    noteError(this.#deps, this.#key, text, native);
  }

  get #making(): Making {
    return makingOf(this.#deps.store.journal({ ...this.#key, attempt: 1 }));
  }

  /** Whoever takes an interrupted submission up captures the folder as it is by then, and says so. */
  #noteLateCapture(): void {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const late = now - this.#job.createdAt;
    if (late > promptly) {
      store.addEvent(this.#key.runId, {
        at: now,
        attempt: this.#key.attempt,
        kind: 'note',
        state: null,
        text: `The submission was interrupted; its code is the folder as it was ${formatElapsed(late)} after you submitted`,
        native: null,
      });
    }
  }

  #recorded(step: SubmissionStep): JsonObject | undefined {
    return this.#deps.store.journal(this.#key).findLast((entry) => entry.step === step)?.data;
  }

  #progress(step: SubmissionStep, text: string, fraction: number | null = null): void {
    this.#observer.onProgress({ step, text, fraction });
  }

  async #secrets(): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const name of this.#job.spec.secrets) {
      const value = await this.#deps.secrets.get(name);
      if (value === undefined) {
        throw new ProviderError('invalid', `The secret ${name} has no value.`, {
          field: 'secrets',
          remedy: 'Set it in the New Job form, then submit again.',
        });
      }
      values.set(name, value);
    }
    return values;
  }

  async #snapshot(): Promise<Snapshot> {
    const { snapshots, clock } = this.#deps;
    if (this.#job.snapshotId !== null) {
      return await snapshots.open(this.#job.snapshotId);
    }
    if (clock.now() - this.#job.createdAt > captureWithin) {
      throw new ProviderError('invalid', 'The submission was interrupted before its code was captured.', {
        remedy: 'Nothing was sent. Submit again.',
      });
    }
    this.#progress('snapshot', 'Capturing the code');
    this.#noteLateCapture();
    const snapshot = await snapshots.make(this.#job.sourceFolder, this.#making.include, this.#wanted);
    this.#wanted.throwIfAborted();
    this.#claim.record('snapshot', { snapshotId: snapshot.id });
    return snapshot;
  }

  #plan(connection: Connection, snapshot: Snapshot): Plan {
    const known = this.#deps.store.plan(this.#key);
    if (known !== null) {
      return known;
    }
    const { spec } = this.#job;
    const { interpreter } = this.#making;
    const plan = connection.plan({ spec, key: this.#key, snapshotId: snapshot.id, interpreter });
    this.#claim.record('planned', { plan });
    return plan;
  }

  async #stage(connection: Connection, snapshot: Snapshot): Promise<JsonObject> {
    const known = this.#recorded('staged')?.['staged'];
    if (isObject(known)) {
      return known;
    }
    const { clock } = this.#deps;
    this.#progress('staged', 'Sending the code');
    const stage = async (): Promise<JsonObject> =>
      await within(
        stallsAfter,
        clock,
        this.#wanted,
        async (signal, signOfLife) =>
          await connection.stage(snapshot, signal, ({ sentBytes, totalBytes }) => {
            signOfLife();
            this.#progress('staged', 'Sending the code', totalBytes === 0 ? null : sentBytes / totalBytes);
          }),
      );
    const staged = await retry(stage, patience, clock, this.#wanted);
    this.#wanted.throwIfAborted();
    this.#claim.record('staged', { staged });
    return staged;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
