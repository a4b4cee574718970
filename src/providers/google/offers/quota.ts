import * as z from 'zod/mini';
import { isProviderError } from '../../../core/providerError.ts';
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

/** Cloud Quotas: https://cloud.google.com/docs/quotas/reference/rest. null where it may not be asked now or is not enabled. */
export async function liveQuotas(access: GoogleAccess, signal: AbortSignal): Promise<Quotas | null> {
  const limits = new Map<string, number>();
  const base = `/v1/projects/${access.project}/locations/global/services/aiplatform.googleapis.com/quotaInfos`;
  let pageToken = '';
  try {
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
  } catch (error) {
    // No right to ask, the API is not enabled, or it was asked too often: offers go without.
    const isRefused = hasCode(error, 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED');
    if (isRefused || (isProviderError(error) && error.tag === 'unsupported')) {
      return null;
    }
    throw error;
  }
  return {
    limit: (region, quota, spot) =>
      limits.get(`${region} aiplatform.googleapis.com/custom_model_training_${spot ? 'preemptible_' : ''}${quota}`),
  };
}
