import type { ProviderErrorTag } from '../../../core/providerError.ts';

/** What a refusal means. */
export interface Judgement {
  readonly tag: ProviderErrorTag;
  readonly message: string;
  readonly remedy?: string;
}
