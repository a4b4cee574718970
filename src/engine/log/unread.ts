import { errorCode, plainReason } from '../fileError.ts';

/** A log cannot be read (any more). The message is a sentence that says why. */
export class LogUnread extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
  }
}

/** An error of the system as one that says why a log cannot be read; every other error as it is. */
export function explainUnread(error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined) {
    return error;
  }
  return new LogUnread(
    code === 'ENOENT' ? 'This file is not there any more.' : `This log cannot be read: ${plainReason(error)}.`,
    error,
  );
}
