import type { Clock } from '../core/ports.ts';
import { isProviderError, isRetryable, ProviderError } from '../core/providerError.ts';

export interface Backoff {
  /** In ms. */
  readonly first: number;
  readonly longest: number;
}

/** Half of a doubling delay is fixed, half is chance, so that many clients do not come back at once. In ms. */
export function backoffDelay(failures: number, { first, longest }: Backoff, chance: number): number {
  const full = Math.min(longest, first * 2 ** Math.max(0, failures - 1));
  return full / 2 + (full / 2) * chance;
}

/** How long to wait after an error: the provider's own wish where it has one, at most a minute. In ms. */
export function delayAfter(error: unknown, failures: number, backoff: Backoff): number {
  const own = backoffDelay(failures, backoff, Math.random());
  const wish = isProviderError(error) ? error.retryAfterMs : undefined;
  return wish === undefined ? own : Math.min(60_000, Math.max(wish, own));
}

export interface RetryPolicy extends Backoff {
  /** Tries in all. */
  readonly tries: number;
}

/** Tries again what may succeed another time, by default `transient` and `rateLimited`; every other error, and the last one, is thrown. */
export async function retry<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  clock: Clock,
  signal: AbortSignal,
  worthwhile: (error: unknown) => boolean = isRetryable,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!worthwhile(error) || failures >= policy.tries || signal.aborted) {
        throw error;
      }
      await clock.sleep(delayAfter(error, failures, policy), signal);
    }
  }
}

/**
 * Gives up waiting for `work` with a `transient` error after `ms` without an answer or a sign of life; the signal that `work`
 * gets is aborted then. The time a person takes does not count: while `isAttended`, it waits on.
 */
export async function within<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal, signOfLife: () => void) => Promise<T>,
  isAttended: () => boolean = () => false,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  let isAlive = true;
  const watch = async (): Promise<void> => {
    while (isAlive || isAttended()) {
      isAlive = false;
      await clock.sleep(ms, AbortSignal.any([signal, done.signal]));
    }
    late.abort(new ProviderError('transient', `There was no answer within ${ms / 1000} s.`));
  };
  const watching = watch().catch(() => undefined);
  try {
    return await work(AbortSignal.any([signal, late.signal]), () => {
      isAlive = true;
    });
  } finally {
    done.abort();
    await watching;
  }
}
