import * as z from 'zod/mini';
import type { AzureApi } from '../client/api.ts';
import { ApiError } from '../client/apiError.ts';
import type { Size } from '../sizes.ts';

const sizesSchema = z.object({
  value: z.array(
    z.looseObject({
      name: z.string(),
      family: z.nullish(z.string()),
      vCPUs: z.nullish(z.number()),
      gpus: z.nullish(z.number()),
      memoryGB: z.nullish(z.number()),
      lowPriorityCapable: z.nullish(z.boolean()),
      estimatedVMPrices: z.nullish(
        z.looseObject({
          billingCurrency: z.nullish(z.string()),
          unitOfMeasure: z.nullish(z.string()),
          values: z.nullish(
            z.array(
              z.looseObject({
                retailPrice: z.nullish(z.number()),
                osType: z.nullish(z.string()),
                vmTier: z.nullish(z.string()),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
});

/** A size that Azure ML can train on in the region, with what it costs. */
export interface OfferedSize extends Size {
  readonly family: string;
  readonly hasSpot: boolean;
  /** In US dollars an hour; null where Azure does not say, or says it in another currency. */
  readonly price: number | null;
  readonly spotPrice: number | null;
}

/** Null where it may not be read. */
export async function listSizes(
  api: AzureApi,
  locationPath: string,
  signal: AbortSignal,
): Promise<readonly OfferedSize[] | null> {
  const answer = await ifAllowed(async () => api.get(`${locationPath}/vmSizes`, signal));
  const parsed = z.safeParse(sizesSchema, answer).data;
  return (
    parsed?.value.map(({ name, family, vCPUs, gpus, memoryGB, lowPriorityCapable, estimatedVMPrices }) => {
      const { billingCurrency, unitOfMeasure, values } = estimatedVMPrices ?? {};
      const isUsd = billingCurrency === 'USD' && /hour/iu.test(unitOfMeasure ?? 'OneHour');
      const priceOf = (...tiers: readonly string[]): number | null =>
        isUsd
          ? ((values ?? []).find(({ osType, vmTier }) => osType === 'Linux' && tiers.includes(vmTier ?? ''))
              ?.retailPrice ?? null)
          : null;
      return {
        name,
        family: family ?? '',
        gpus: gpus ?? 0,
        vCpus: vCPUs ?? 0,
        memoryGb: memoryGB ?? 0,
        hasSpot: lowPriorityCapable === true,
        price: priceOf('Standard'),
        spotPrice: priceOf('LowPriority', 'Spot'),
      };
    }) ?? null
  );
}

const usageSchema = z.looseObject({
  id: z.nullish(z.string()),
  currentValue: z.number(),
  limit: z.number(),
  name: z.looseObject({ value: z.nullish(z.string()) }),
});

/** Cores that a subscription may use in a region. */
export interface CoreQuota {
  readonly used: number;
  readonly limit: number;
}

export interface Quotas {
  /** null where nothing is known of the family. */
  ofFamily(family: string): CoreQuota | null;
  /** One pool for spot machines of every family. */
  readonly spot: CoreQuota | null;
  /** All dedicated machines together. */
  readonly total: CoreQuota | null;
}

/** Null where they may not be read. */
export async function listQuotas(api: AzureApi, locationPath: string, signal: AbortSignal): Promise<Quotas | null> {
  const items = await ifAllowed(async () => api.list(`${locationPath}/usages`, signal));
  if (items === null) {
    return null;
  }
  const quotas = new Map<string, CoreQuota>();
  for (const item of items) {
    const usage = z.safeParse(usageSchema, item).data;
    if (usage !== undefined) {
      quotas.set(plain(usage.name.value ?? ''), { used: usage.currentValue, limit: usage.limit });
    }
  }
  const matching = (pattern: RegExp): CoreQuota | null => [...quotas].find(([name]) => pattern.test(name))?.[1] ?? null;
  return {
    ofFamily: (family) => quotas.get(plain(family)) ?? null,
    spot: matching(/^total.*(?:lowpriority|spot)/u),
    total: matching(/^total.*dedicated/u),
  };
}

/** `Standard NCADSA100v4 Family Cluster Dedicated vCPUs` is the family that sizes call `standardNCADSA100v4Family`. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '')
    .replace(/^(?!total)(.*?family).*$/u, '$1');
}

async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
      return null;
    }
    throw error;
  }
}
