import { ProviderError, type ProviderErrorTag } from '../core/providerError.ts';

/** SQLite's result codes (https://sqlite.org/rescode.html). */
const busy = 5;
const readOnly = 8;
const inputOutput = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

interface Explanation {
  readonly tag: ProviderErrorTag;
  readonly what: string;
  readonly remedy: string;
}

const explanations: ReadonlyMap<number | undefined, Explanation> = new Map([
  [busy, { tag: 'transient', what: 'another window has been at it for too long', remedy: 'Try again.' }],
  [
    readOnly,
    {
      tag: 'invalid',
      what: 'it cannot be written',
      remedy: 'Make the file and its folder writable, then reload the window.',
    },
  ],
  [
    inputOutput,
    {
      tag: 'transient',
      what: 'the disk could not be read or written',
      remedy: 'Look after the disk and its free space, then try again.',
    },
  ],
  [corrupt, { tag: 'invalid', what: 'it is damaged', remedy: 'Reload the window; it is then set aside.' }],
  [full, { tag: 'invalid', what: 'the disk is full', remedy: 'Free some space and try again.' }],
  [
    cannotOpen,
    {
      tag: 'invalid',
      what: 'it cannot be opened',
      remedy: 'Look whether the disk is full and the folder can be written, then reload the window.',
    },
  ],
]);

/** The file can be opened, but what is in it does not hold together. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
  readonly errcode = corrupt;
}

/** The primary result code of an error from SQLite; undefined for any other. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

/** Whether SQLite says that the file is no database, or not whole. */
export function isDamage(error: unknown): error is Error {
  const code = resultCode(error);
  return code === corrupt || code === notADatabase;
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === busy;
}

/** An error of SQLite in plain words: what, where and what to do. Every other error as it is. */
export function explainStoreError(error: unknown, file: string): unknown {
  const explanation = explanations.get(resultCode(error));
  if (explanation === undefined || !(error instanceof Error)) {
    return error;
  }
  const { tag, what, remedy } = explanation;
  return new ProviderError(tag, `The list of jobs (${file}) could not be used: ${what}.`, {
    raw: error.message,
    remedy,
    cause: error,
  });
}
