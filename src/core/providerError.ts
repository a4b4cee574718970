/**
 * Why a provider could not do what was asked. Only `quota` and `capacity` make placement try elsewhere; only `transient`
 * and `rateLimited` are tried again.
 */
export type ProviderErrorTag =
  | 'auth'
  | 'quota'
  | 'capacity'
  | 'rateLimited'
  | 'transient'
  | 'invalid'
  | 'notFound'
  | 'conflict'
  | 'unsupported';

export const providerErrorTags: readonly ProviderErrorTag[] = [
  'auth',
  'quota',
  'capacity',
  'rateLimited',
  'transient',
  'invalid',
  'notFound',
  'conflict',
  'unsupported',
];

export interface ProviderErrorDetails {
  /** The provider's own text, as received. */
  readonly raw?: string;
  /** What the person can do about it, in one sentence. */
  readonly remedy?: string;
  /** The provider asked us to wait this long, in ms. */
  readonly retryAfterMs?: number;
  /** Path of the spec field at fault, such as `accelerator.count`. */
  readonly field?: string;
  readonly cause?: unknown;
}

/** Told apart by `tag`, never by class: each bundle carries its own copy of this class. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly tag: ProviderErrorTag;
  readonly raw: string | undefined;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly field: string | undefined;

  constructor(tag: ProviderErrorTag, message: string, details: ProviderErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.tag = tag;
    this.raw = details.raw;
    this.remedy = details.remedy;
    this.retryAfterMs = details.retryAfterMs;
    this.field = details.field;
  }
}

export function isProviderError(error: unknown): error is ProviderError {
  return (
    error instanceof Error &&
    error.name === 'ProviderError' &&
    'tag' in error &&
    providerErrorTags.some((tag) => tag === error.tag)
  );
}

/** True for the tags that are worth asking again. */
export function isRetryable(error: unknown): boolean {
  return isProviderError(error) && (error.tag === 'transient' || error.tag === 'rateLimited');
}
