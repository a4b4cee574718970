import { isProviderError } from '../core/providerError.ts';

/** The sentence people read for an error: what happened, then what they can do. */
export function errorSentence(error: unknown): string {
  if (isProviderError(error)) {
    return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The provider's own text, where the error carries it. */
export function nativeWords(error: unknown): string | null {
  return isProviderError(error) ? (error.raw ?? null) : null;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
