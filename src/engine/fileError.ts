import { ProviderError } from '../core/providerError.ts';

/** The system's short name for what went wrong, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const plainReasons: ReadonlyMap<string | undefined, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENAMETOOLONG', 'the path is longer than this system allows'],
  ['EIO', 'the disk could not be read'],
  ['ESTALE', 'the network disk has lost the file'],
]);

/** Why a file cannot be read, in a few words. */
export function plainReason(error: unknown): string {
  return plainReasons.get(errorCode(error)) ?? (error instanceof Error ? error.message : String(error));
}

/** A full disk as an error that says where; every other error as it is. */
export function explainFullDisk(error: unknown, path: string): unknown {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new ProviderError('invalid', `The disk is full: ${path} could not be written.`, {
        remedy: 'Free some space and try again.',
        cause: error,
      })
    : error;
}

/** An error of the system as one that says which file could not be written, and why; every other error as it is. */
export function explainUnwritten(error: unknown, path: string): unknown {
  if (errorCode(error) === undefined) {
    return error;
  }
  const explained = explainFullDisk(error, path);
  return explained === error
    ? new ProviderError('invalid', `${path} could not be written: ${plainReason(error)}.`, { cause: error })
    : explained;
}
