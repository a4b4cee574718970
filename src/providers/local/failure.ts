import { isProviderError, ProviderError } from '../../core/providerError.ts';
import { hasCode, messageOf } from './nodeError.ts';

/** Keeps the contract's promise about rejections: the signal's reason when it was aborted, else a ProviderError. */
export async function inContract<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    throw contractError(signal, error);
  }
}

/** The same for what comes piece by piece. */
export async function* streamInContract<T>(signal: AbortSignal, open: () => AsyncIterable<T>): AsyncGenerator<T, void> {
  signal.throwIfAborted();
  try {
    yield* open();
  } catch (error) {
    throw contractError(signal, error);
  }
}

function contractError(signal: AbortSignal, error: unknown): unknown {
  if (signal.aborted) {
    return signal.reason;
  }
  if (isProviderError(error)) {
    return error;
  }
  const raw = messageOf(error);
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new ProviderError('capacity', 'The disk of this machine is full.', {
      raw,
      remedy: 'Free some space, or delete finished jobs.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return new ProviderError('invalid', 'The folder for jobs on this machine cannot be used.', {
      raw,
      remedy: 'Make it writable, or choose another one in the settings.',
      cause: error,
    });
  }
  return new ProviderError('transient', `This machine could not do it: ${raw}`, { raw, cause: error });
}
