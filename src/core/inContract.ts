import { isProviderError, type ProviderError } from './providerError.ts';

/** What an error means that is no ProviderError yet. */
export type Explain = (error: unknown) => ProviderError;

/** Keeps the contract's promise about rejections: the signal's reason when it was aborted, else a ProviderError. */
export async function inContract<T>(signal: AbortSignal, explain: Explain, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    throw contractError(signal, explain, error);
  }
}

/** The same for what comes piece by piece. */
export async function* streamInContract<T>(
  signal: AbortSignal,
  explain: Explain,
  open: () => AsyncIterable<T>,
): AsyncGenerator<T, void> {
  signal.throwIfAborted();
  try {
    yield* open();
  } catch (error) {
    throw contractError(signal, explain, error);
  }
}

function contractError(signal: AbortSignal, explain: Explain, error: unknown): unknown {
  if (signal.aborted) {
    return signal.reason;
  }
  return isProviderError(error) ? error : explain(error);
}
