import { ProviderError } from '../../core/providerError.ts';
import { hasCode, messageOf } from './nodeError.ts';

/** What an error of this machine means in the contract's words. */
export function explainError(error: unknown): ProviderError {
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
