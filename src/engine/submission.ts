import { type AttemptKey, type Job, keyText } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Logger, Secrets } from '../core/ports.ts';
import type { Connection, Handle, JsonObject, Plan, Snapshot } from '../core/provider.ts';
import { isProviderError, ProviderError } from '../core/providerError.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import type { Connections } from './connections.ts';
import type { JobStore, StepData } from './jobStore.ts';
import { retry, type RetryPolicy } from './retry.ts';
import type { Snapshots } from './snapshots.ts';

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
  /** The step is on disk; the next has not begun. */
  onRecorded?(step: SubmissionStep): void;
}

export type SubmissionResult =
  | { readonly kind: 'accepted'; readonly handle: Handle }
  | { readonly kind: 'cancelled' }
  /** Another process is at it, or it was finished before. */
  | { readonly kind: 'elsewhere' };

/** A claim is renewed this often while a submission runs; one that is not runs out after `claimMs`. */
export const claimMs = 4_000;
const renewMs = 1_000;
/** Code that was not captured yet is not taken from the folder any more after this long, in ms: it would not be what was meant. */
const captureWithin = 10 * 60_000;

const patience: RetryPolicy = { tries: 6, first: 500, longest: 15_000 };

/** Thrown into a submission whose job is to be cancelled; told apart by identity from the caller's own abort. */
const cancelRequested = new DOMException('The job is to be cancelled', 'AbortError');

/**
 * Carries one submission on from wherever its journal says it is, until the provider accepted it, it failed for good or it was
 * cancelled. Safe to call from several processes and after any death: a step is recorded before the next begins, and once a
 * request may have gone out, the provider is asked for it before another is sent. An error that ends the submission is
 * recorded and thrown; an abort of `signal` leaves it for somebody else to finish.
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
  running.add(name);
  const stop = new AbortController();
  const guard = guardClaim(store, key, stop);
  const work = AbortSignal.any([signal, stop.signal]);
  try {
    return await new Submission(deps, key, work, observer).run();
  } catch (error) {
    if (stop.signal.reason === cancelRequested && !signal.aborted) {
      return await finishCancelled(deps, key, signal);
    }
    if (work.aborted) {
      logger.info(`submission ${key.runId} was left for another time`);
      throw error;
    }
    const { reason, native } = explain(error);
    store.failSubmission(key, reason, native);
    throw error;
  } finally {
    guard.dispose();
    running.delete(name);
  }
}

/** Keeps the claim alive, and stops the work when the claim is lost or the job is to be cancelled. */
function guardClaim(store: JobStore, key: AttemptKey, stop: AbortController): { dispose(): void } {
  const lookForCancel = (): void => {
    const job = store.job(key.runId);
    if (job === undefined || job.cancelRequestedAt !== null) {
      stop.abort(cancelRequested);
    }
  };
  const timer = setInterval(() => {
    if (!store.claimSubmission(key, claimMs)) {
      stop.abort(new DOMException('Another window took the submission over', 'AbortError'));
    }
  }, renewMs);
  const subscription = store.onDidChange(({ runIds }) => {
    if (runIds.has(key.runId)) {
      lookForCancel();
    }
  });
  lookForCancel();
  return {
    dispose: () => {
      clearInterval(timer);
      subscription.dispose();
    },
  };
}

function explain(error: unknown): { readonly reason: string; readonly native: string | null } {
  if (isProviderError(error)) {
    return { reason: [error.message, error.remedy].filter(Boolean).join(' '), native: error.raw ?? null };
  }
  return { reason: error instanceof Error ? error.message : String(error), native: null };
}

/** Nothing sent: cancelled. Sent: it is found, accepted, and cancelled where it is. */
async function finishCancelled(deps: SubmissionDeps, key: AttemptKey, signal: AbortSignal): Promise<SubmissionResult> {
  const { store, connections, clock } = deps;
  const attempt = store.job(key.runId)?.attempts.at(key.attempt - 1);
  if (attempt === undefined || isTerminal(attempt.state)) {
    return { kind: 'cancelled' };
  }
  if (store.journal(key).some(({ step }) => step === 'sending')) {
    const connection = await connections.open(attempt.connectionId);
    const handle = await retry(async () => await connection.find(key, signal), patience, clock, signal);
    if (handle !== null) {
      store.recordStep(key, 'accepted', { handle });
      await retry(async () => { await connection.cancel(handle, signal); }, patience, clock, signal);
      return { kind: 'accepted', handle };
    }
  }
  store.endAttempt(key, 'cancelled', 'cancelled before it was submitted', null);
  return { kind: 'cancelled' };
}

/** One run through the journal's steps. */
class Submission {
  readonly #deps: SubmissionDeps;
  readonly #key: AttemptKey;
  readonly #signal: AbortSignal;
  readonly #observer: SubmissionObserver;

  constructor(deps: SubmissionDeps, key: AttemptKey, signal: AbortSignal, observer: SubmissionObserver) {
    this.#deps = deps;
    this.#key = key;
    this.#signal = signal;
    this.#observer = observer;
  }

  async run(): Promise<SubmissionResult> {
    const { store, connections } = this.#deps;
    const job = store.job(this.#key.runId);
    const attempt = job?.attempts.at(this.#key.attempt - 1);
    if (job === undefined || attempt === undefined) {
      return { kind: 'elsewhere' };
    }
    this.#signal.throwIfAborted();
    const journal = new Map(store.journal(this.#key).map(({ step, data }) => [step, data]));
    const secrets = await this.#secrets(job);
    const snapshot = await this.#snapshot(job, journal);
    this.#signal.throwIfAborted();
    const connection = await connections.open(attempt.connectionId);
    const plan = this.#plan(job, connection, snapshot);
    const staged = await this.#stage(connection, snapshot, journal);
    this.#signal.throwIfAborted();
    const handle = await this.#send(connection, { plan, staged, secrets }, journal.has('sending'));
    this.#record('accepted', { handle });
    return { kind: 'accepted', handle };
  }

  #record(step: SubmissionStep, data: StepData): void {
    this.#deps.store.recordStep(this.#key, step, data);
    this.#observer.onRecorded?.(step);
  }

  #progress(step: SubmissionStep, text: string, fraction: number | null = null): void {
    this.#observer.onProgress({ step, text, fraction });
  }

  async #secrets(job: Job): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const name of job.spec.secrets) {
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

  async #snapshot(job: Job, journal: ReadonlyMap<SubmissionStep, JsonObject>): Promise<Snapshot> {
    const { snapshots, clock } = this.#deps;
    if (job.snapshotId !== null) {
      return await snapshots.open(job.snapshotId);
    }
    if (clock.now() - job.createdAt > captureWithin) {
      throw new ProviderError('invalid', 'The submission was interrupted before its code was captured.', {
        remedy: 'Nothing was sent. Submit again.',
      });
    }
    this.#progress('snapshot', 'Capturing the code');
    const include = journal.get('created')?.['include'];
    const paths = Array.isArray(include) ? include.filter((path) => typeof path === 'string') : [];
    const snapshot = await snapshots.make(job.sourceFolder, paths, this.#signal);
    this.#signal.throwIfAborted();
    this.#record('snapshot', { snapshotId: snapshot.id });
    return snapshot;
  }

  #plan(job: Job, connection: Connection, snapshot: Snapshot): Plan {
    const known = this.#deps.store.plan(this.#key);
    if (known !== null) {
      return known;
    }
    const plan = connection.plan({ spec: job.spec, key: this.#key, snapshotId: snapshot.id });
    this.#record('planned', { plan });
    return plan;
  }

  async #stage(
    connection: Connection,
    snapshot: Snapshot,
    journal: ReadonlyMap<SubmissionStep, JsonObject>,
  ): Promise<JsonObject> {
    const known = journal.get('staged')?.['staged'];
    if (isObject(known)) {
      return known;
    }
    this.#progress('staged', 'Sending the code');
    const staged = await this.#retry(
      async () =>
        await connection.stage(snapshot, this.#signal, ({ sentBytes, totalBytes }) => {
          this.#progress('staged', 'Sending the code', totalBytes === 0 ? null : sentBytes / totalBytes);
        }),
    );
    this.#record('staged', { staged });
    return staged;
  }

  async #send(
    connection: Connection,
    input: { readonly plan: Plan; readonly staged: JsonObject; readonly secrets: ReadonlyMap<string, string> },
    mayHaveBeenSent: boolean,
  ): Promise<Handle> {
    const { store } = this.#deps;
    if (mayHaveBeenSent) {
      const found = await this.#retry(async () => await connection.find(this.#key, this.#signal));
      if (found !== null) {
        return found;
      }
    }
    this.#progress('sending', 'Submitting');
    if (!store.claimSubmission(this.#key, claimMs)) {
      throw new DOMException('Another window took the submission over', 'AbortError');
    }
    this.#record('sending', {});
    let sent = false;
    return await this.#retry(async () => {
      // A reply that was lost may have left a job behind: look before sending again.
      const found = sent ? await connection.find(this.#key, this.#signal) : null;
      sent = true;
      return found ?? (await connection.submit({ ...input, key: this.#key }, this.#signal));
    });
  }

  async #retry<T>(work: () => Promise<T>): Promise<T> {
    return await retry(work, patience, this.#deps.clock, this.#signal);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
