import type { AttemptKey, ConnectionId } from '../core/job.ts';
import type { Clock } from '../core/ports.ts';
import type { Connection, Handle, SubmitInput } from '../core/provider.ts';
import { isProviderError, isRetryable, type ProviderErrorTag } from '../core/providerError.ts';
import type { Connections } from './connections.ts';
import type { JobStore } from './jobStore.ts';
import { delayAfter, retry, type RetryPolicy, within } from './retry.ts';
import type { SubmissionClaim } from './submissionClaim.ts';

export interface RequestContext {
  readonly store: JobStore;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly key: AttemptKey;
  readonly connectionId: ConnectionId;
  readonly claim: SubmissionClaim;
  /** Ends with the window or with the claim. */
  readonly ours: AbortSignal;
  /** Ends with a wish to cancel as well. */
  readonly wanted: AbortSignal;
  readonly onAsk: () => void;
  readonly onSend: () => void;
}

/** How long the provider may take to answer, in ms. */
const submitWithin = 60_000;
const answerWithin = 30_000;

export const patience: RetryPolicy = { tries: 6, first: 500, longest: 15_000 };

/** After these the provider certainly has no job. After any other error it may have one whose handle got lost. */
const refusals: ReadonlySet<ProviderErrorTag> = new Set([
  'auth',
  'quota',
  'capacity',
  'rateLimited',
  'invalid',
  'notFound',
  'unsupported',
]);

/** The one request of a submission, whoever sent it and however often: it becomes one job. */
export class SubmissionRequest {
  readonly #context: RequestContext;
  /** How many of the recorded requests are known to have left no job behind. */
  #settled = 0;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** True while the provider may have a job that we know nothing of. */
  get isOpen(): boolean {
    return this.#recorded() > this.#settled;
  }

  #recorded(): number {
    const { store, key } = this.#context;
    return store.journal(key).filter(({ step }) => step === 'sending').length;
  }

  /**
   * Asks the provider for a job that an earlier request may have left behind; null when it certainly has none. Counts again after
   * each answer: while this window slept, another may have sent one and died.
   */
  async find(): Promise<Handle | null> {
    const { connections, clock, key, connectionId, ours, onAsk } = this.#context;
    const ask = async (): Promise<Handle | null> => {
      const connection = await connections.open(connectionId);
      return await within(answerWithin, clock, ours, async (signal) => await connection.find(key, signal));
    };
    for (let recorded = this.#recorded(); recorded > this.#settled; recorded = this.#recorded()) {
      onAsk();
      const handle = await retry(ask, patience, clock, ours, () => true);
      if (handle !== null) {
        return handle;
      }
      this.#settled = recorded;
    }
    return null;
  }

  /** Sends until the provider accepts or refuses; after an answer that got lost it is asked first. */
  async send(input: SubmitInput): Promise<Handle> {
    const { connections, clock, connectionId, wanted } = this.#context;
    const connection = await connections.open(connectionId);
    for (let failures = 1; ; failures += 1) {
      const found = await this.find();
      if (found !== null) {
        return found;
      }
      wanted.throwIfAborted();
      try {
        return await this.#sendOnce(connection, input);
      } catch (error) {
        const arrived = await this.find();
        if (arrived !== null) {
          return arrived;
        }
        if (!isRetryable(error) || failures >= patience.tries) {
          throw error;
        }
        await clock.sleep(delayAfter(error, failures, patience), wanted);
      }
    }
  }

  async #sendOnce(connection: Connection, input: SubmitInput): Promise<Handle> {
    const { clock, claim, ours, onSend } = this.#context;
    claim.record('sending', {});
    onSend();
    try {
      // A wish to cancel does not stop it: a request that is given up half-way may still arrive.
      return await within(submitWithin, clock, ours, async (signal) => await connection.submit(input, signal));
    } catch (error) {
      if (isProviderError(error) && refusals.has(error.tag)) {
        this.#settled = this.#recorded();
      }
      throw error;
    }
  }
}
