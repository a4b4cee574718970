import { ProviderError } from '../../../core/providerError.ts';
import { type Api, type GoogleSettings, isRegion } from '../settings.ts';

export interface Endpoint {
  /** `https://host[:port]` without a slash at the end. */
  readonly origin: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** False only for endpoints on this machine. */
  readonly isEncrypted: boolean;
}

type Overrides = GoogleSettings['endpoints'];

/** Where an API is reached. `region` is of use to `aiplatform` alone, which has a host for each; throws `invalid` for what is none. */
export function endpointOf(overrides: Overrides, api: Api, region?: string): Endpoint {
  if (region !== undefined && !isRegion(region)) {
    throw new ProviderError('invalid', `"${region}" is no region of Google Cloud.`, { field: 'region' });
  }
  const usual = region === undefined ? `https://${api}.googleapis.com` : `https://${region}-${api}.googleapis.com`;
  const url = new URL((overrides[api] ?? usual).replaceAll('{region}', region ?? 'global'));
  const isEncrypted = url.protocol === 'https:';
  const usualPort = isEncrypted ? 443 : 80;
  return {
    origin: url.origin,
    host: url.hostname.replaceAll(/[[\]]/gu, ''),
    port: url.port === '' ? usualPort : Number(url.port),
    isEncrypted,
  };
}
