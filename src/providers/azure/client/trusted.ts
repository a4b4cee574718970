import { ProviderError } from '../../../core/providerError.ts';

/** A token must not go over the network in clear. */
export function trusted(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isLocal = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:'))) {
    throw new ProviderError('invalid', 'Azure names an address of its services that cannot be trusted.', {
      raw: address,
    });
  }
  return address;
}
