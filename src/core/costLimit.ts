import type { JobSpec } from './jobSpec.ts';
import type { Offer } from './offer.ts';
import { satisfies } from './placement.ts';
import { ProviderError } from './providerError.ts';

const minute = 60_000;
const hour = 60 * minute;

/**
 * What a job costs while it runs, in US dollars an hour, all nodes together: at the dearest of the offers that are what it asks
 * for, as a connection may choose among them. null: of one of them the price is not known.
 */
export function usdPerHour(spec: JobSpec, offers: readonly Offer[]): number | null {
  const prices = offers
    .filter((offer) => satisfies(offer, spec))
    .map(({ priceUsdPerHour, spotPriceUsdPerHour }) =>
      spec.spot ? (spotPriceUsdPerHour ?? priceUsdPerHour) : priceUsdPerHour,
    );
  return prices.length === 0 || prices.includes(null) ? null : Math.max(...prices.map(Number)) * spec.nodes;
}

/** How long it may run until it has cost that much, in ms, whole minutes; null: for ever, as it costs nothing. */
export function affordableMs(costUsd: number, perHour: number): number | null {
  return perHour === 0 ? null : Math.floor((costUsd / perHour) * (hour / minute)) * minute;
}

/**
 * The spec as it is sent: no provider stops a job by what it has cost, so its time is limited instead. Throws `unsupported` where
 * that cannot be kept, so that nobody relies on it.
 */
export function withinCost(spec: JobSpec, perHour: number | null, place: string): JobSpec {
  const { costUsd, durationMs } = spec.limits;
  if (costUsd === null) {
    return spec;
  }
  if (perHour === null) {
    throw new ProviderError(
      'unsupported',
      `${place} tells no price for this job, so it cannot be kept below $${costUsd}.`,
      {
        field: 'limits.cost',
        remedy: 'Leave the cost limit empty and limit its time instead.',
      },
    );
  }
  const affordable = affordableMs(costUsd, perHour);
  if (affordable === 0) {
    throw new ProviderError('unsupported', `At $${perHour.toFixed(2)} an hour, $${costUsd} is less than a minute.`, {
      field: 'limits.cost',
      remedy: 'Allow more, or choose something that costs less.',
    });
  }
  const shortest = Math.min(durationMs ?? Infinity, affordable ?? Infinity);
  return Number.isFinite(shortest) ? { ...spec, limits: { ...spec.limits, durationMs: shortest } } : spec;
}
