import * as z from 'zod/mini';
import type { Clock } from '../../../core/ports.ts';
import { type GoogleAccess, untilAborted } from '../client/access.ts';
import { isTpu, type Machine } from '../machines/machine.ts';

/** What Vertex AI asks for a machine now, USD an hour. */
export interface LivePrice {
  readonly usd: number;
  /** What it asks for managing one that Compute Engine bills, as it does spot machines; null where it does not say. */
  readonly feeUsd: number | null;
}

export interface LivePrices {
  /** null: the price list does not have all parts of such a machine in that region. */
  of(machine: Machine, region: string): LivePrice | null;
}

/** Vertex AI in the Cloud Billing Catalog: https://cloud.google.com/billing/docs/reference/rest/v1/services.skus/list. */
const skusPath = '/v1/services/C7E2-9256-1C43/skus';
const fields = [
  'skus(description,category/usageType,serviceRegions,pricingInfo/pricingExpression(usageUnit,tieredRates/unitPrice))',
  'nextPageToken',
].join(',');

const skusSchema = z.object({
  skus: z.optional(
    z.array(
      z.object({
        description: z._default(z.string(), ''),
        category: z.optional(z.object({ usageType: z.optional(z.string()) })),
        serviceRegions: z._default(z.array(z.string()), []),
        pricingInfo: z._default(
          z.array(
            z.object({
              pricingExpression: z.optional(
                z.object({
                  usageUnit: z.optional(z.string()),
                  tieredRates: z._default(
                    z.array(
                      z.object({
                        unitPrice: z.optional(
                          z.object({ units: z.optional(z.string()), nanos: z.optional(z.number()) }),
                        ),
                      }),
                    ),
                    [],
                  ),
                }),
              ),
            }),
          ),
          [],
        ),
      }),
    ),
  ),
  nextPageToken: z.optional(z.string()),
});

type Sku = NonNullable<z.infer<typeof skusSchema>['skus']>[number];

/** "Vertex AI: Training/Pipelines on NVIDIA H100 80GB in Iowa", "… management fee on A3 Instance Core in Iowa". */
const sold = /^Vertex AI: Training\/Pipelines (?<fee>management fee )?on (?<what>.+?)(?: running)? in /iu;

const servesMs = 24 * 60 * 60_000;
const afterFailureMs = 15 * 60_000;
/** Offers do not wait longer for their prices. */
const patienceMs = 8000;

/** Prices of custom training, asked for once a day. */
export class PriceList {
  readonly #access: Pick<GoogleAccess, 'rest'>;
  readonly #clock: Clock;
  #known: LivePrices | null = null;
  #asking: Promise<void> | null = null;
  #askAgainAt = 0;

  constructor(access: Pick<GoogleAccess, 'rest'>, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** null where they cannot be had now: it takes the Cloud Billing API to be enabled. Rejects only with the signal's reason. */
  async current(signal: AbortSignal): Promise<LivePrices | null> {
    signal.throwIfAborted();
    if (this.#asking === null && this.#clock.now() >= this.#askAgainAt) {
      this.#asking = this.#ask().finally(() => {
        this.#asking = null;
      });
    }
    await untilAborted(signal, this.#asking ?? Promise.resolve()).catch(() => undefined);
    signal.throwIfAborted();
    return this.#known;
  }

  /** For all who wait: a signal of one of them ends it for none of the others. */
  async #ask(): Promise<void> {
    const now = this.#clock.now();
    try {
      this.#known = await readPrices(this.#access, AbortSignal.timeout(patienceMs));
      this.#askAgainAt = now + servesMs;
    } catch {
      this.#askAgainAt = now + afterFailureMs;
    }
  }
}

async function readPrices(access: Pick<GoogleAccess, 'rest'>, signal: AbortSignal): Promise<LivePrices> {
  const hourly = new Map<string, number>();
  let pageToken = '';
  do {
    const query = new URLSearchParams({
      currencyCode: 'USD',
      pageSize: '5000',
      fields,
      ...(pageToken && { pageToken }),
    });
    const page = z.parse(skusSchema, await access.rest({ api: 'cloudbilling', path: `${skusPath}?${query}` }, signal));
    for (const sku of page.skus ?? []) {
      const { fee, what } = sold.exec(sku.description)?.groups ?? {};
      const usd = hourlyUsd(sku);
      for (const region of what === undefined || usd === null ? [] : sku.serviceRegions) {
        hourly.set(keyOf(region, fee !== undefined, what ?? ''), usd ?? 0);
      }
    }
    pageToken = page.nextPageToken ?? '';
  } while (pageToken !== '');
  return {
    of: (machine, region) => {
      const parts = partsOf(machine);
      const sum = (fee: boolean): number | null =>
        parts?.reduce<number | null>((total, [what, count]) => {
          const each = hourly.get(keyOf(region, fee, what));
          return total === null || each === undefined ? null : total + each * count;
        }, 0) ?? null;
      const usd = sum(false);
      return usd === null ? null : { usd, feeUsd: sum(true) };
    },
  };
}

/** Per accelerator or vCPU and hour, or per GiB and hour; null for what is sold in another way. */
function hourlyUsd({ category, pricingInfo }: Sku): number | null {
  const { usageUnit, tieredRates = [] } = pricingInfo.at(-1)?.pricingExpression ?? {};
  const { units = '0', nanos = 0 } = tieredRates.at(-1)?.unitPrice ?? {};
  const usd = Number(units) + nanos / 1e9;
  return category?.usageType === 'OnDemand' && (usageUnit === 'h' || usageUnit === 'GiBy.h') && usd > 0 ? usd : null;
}

/** The same thing is spelled in several ways: "N1 Predefined Instance Ram" and "N1 Instance RAM", "Nvidia Tesla T4 GPU" and `NVIDIA_TESLA_T4`. */
function keyOf(region: string, fee: boolean, what: string): string {
  const words = what.toLowerCase().match(/[a-z0-9]+/gu) ?? [];
  const telling = words.filter((word) => !['nvidia', 'tesla', 'gpu', 'predefined'].includes(word));
  return `${region} ${fee ? 'fee' : 'use'} ${telling.join('')}`;
}

/**
 * What a machine is billed as, and how much of it. null for those that are sold otherwise, or whose names in the price list no public
 * source shows: TPUs, and the A3 machines other than `a3-highgpu`.
 */
function partsOf(machine: Machine): readonly (readonly [string, number])[] | null {
  const { machineType, cpus, memoryGib, acceleratorType, count } = machine;
  const [series = '', kind = ''] = machineType.split('-');
  if (cpus === null || memoryGib === null || isTpu(machine) || (series === 'a3' && kind !== 'highgpu')) {
    return null;
  }
  return [
    [`${series} instance core`, cpus],
    [`${series} instance ram`, memoryGib],
    ...(acceleratorType === null ? [] : [[acceleratorType.replaceAll('_', ' '), count] as const]),
  ];
}
