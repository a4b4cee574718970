import * as z from 'zod/mini';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { GoogleAccess } from '../client/access.ts';
import { hasCode } from '../client/apiError.ts';

/** How many of something may be used at once for custom training; by region and what stands in `Machine.quota`. */
export interface Quotas {
  /** undefined: Google does not say. */
  limit(region: string, quota: string, spot: boolean): number | undefined;
}

const infosSchema = z.object({
  quotaInfos: z.optional(
    z.array(
      z.object({
        metric: z.optional(z.string()),
        dimensionsInfos: z.optional(
          z.array(
            z.object({
              dimensions: z.optional(z.record(z.string(), z.string())),
              applicableLocations: z.optional(z.array(z.string())),
              details: z.optional(z.object({ value: z.optional(z.string()) })),
            }),
          ),
        ),
      }),
    ),
  ),
  nextPageToken: z.optional(z.string()),
});

/** Offers do not wait longer for their quotas, in ms. */
const patienceMs = 8000;

/**
 * What Cloud Quotas says. null where it cannot be had now: it takes that API to be enabled and reached, and the right to ask. Rejects
 * with the signal's reason, with `auth` when the sign-in has ended, and with `transient` when `probe`, which asks Google Cloud for
 * something else, is not answered either.
 */
export async function liveQuotas(
  access: GoogleAccess,
  probe: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<Quotas | null> {
  const soon = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  try {
    return await readQuotas(access, soon());
  } catch (error) {
    signal.throwIfAborted();
    if (isProviderError(error) && error.tag === 'auth' && !hasCode(error, 'PERMISSION_DENIED')) {
      throw error;
    }
    if (isUnanswered(error) && (await isSilent(probe, soon()))) {
      signal.throwIfAborted();
      throw isProviderError(error)
        ? error
        : new ProviderError('transient', 'Google Cloud does not answer.', { cause: error });
    }
    return null;
  }
}

const isUnanswered = (error: unknown): boolean => !isProviderError(error) || error.tag === 'transient';

async function isSilent(probe: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await probe(signal);
    return false;
  } catch (error) {
    return isUnanswered(error);
  }
}

/** https://cloud.google.com/docs/quotas/reference/rest */
async function readQuotas(access: GoogleAccess, signal: AbortSignal): Promise<Quotas> {
  const limits = new Map<string, number>();
  const base = `/v1/projects/${access.project}/locations/global/services/aiplatform.googleapis.com/quotaInfos`;
  let pageToken = '';
  do {
    const query = new URLSearchParams({ pageSize: '1000', ...(pageToken === '' ? {} : { pageToken }) });
    const answer = z.parse(infosSchema, await access.rest({ api: 'cloudquotas', path: `${base}?${query}` }, signal));
    for (const { metric = '', dimensionsInfos = [] } of answer.quotaInfos ?? []) {
      for (const { dimensions, applicableLocations = [], details } of dimensionsInfos) {
        const value = Number(details?.value);
        for (const region of dimensions?.['region'] === undefined ? applicableLocations : [dimensions['region']]) {
          // -1 is no limit.
          if (!Number.isNaN(value)) {
            limits.set(`${region} ${metric}`, value < 0 ? Infinity : value);
          }
        }
      }
    }
    pageToken = answer.nextPageToken ?? '';
  } while (pageToken !== '');
  return {
    limit: (region, quota, spot) =>
      limits.get(`${region} aiplatform.googleapis.com/custom_model_training_${spot ? 'preemptible_' : ''}${quota}`),
  };
}
