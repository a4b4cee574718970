import type { JobSpec } from './jobSpec.ts';
import type { Offer } from './offer.ts';
import { satisfies } from './placement.ts';
import { ProviderError } from './providerError.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Options of providers by which a job gets another machine than the one that is offered for its accelerator. */
const machineOptions = ['machineType', 'instanceType', 'compute'] as const;

/**
 * What a job costs while it runs, in US dollars an hour, all nodes together: at the dearest of the offers that are what it asks
 * for, as a connection may choose among them. null: of one of them the price is not known, or the job may get a larger machine.
 */
export function usdPerHour(spec: JobSpec, offers: readonly Offer[]): number | null {
  const prices = offers
    .filter((offer) => satisfies(offer, spec))
    .map(({ priceUsdPerHour, spotPriceUsdPerHour }) => nodePrice(spec, priceUsdPerHour, spotPriceUsdPerHour));
  const dearest = Math.max(...prices.map(Number));
  const isKnown = prices.length > 0 && !prices.includes(null) && (dearest === 0 || !mayGetLarger(spec));
  return isKnown ? dearest * spec.nodes : null;
}

/** Which of the prices of a node a job pays: where no spot price is known, at most the usual one. */
export function nodePrice({ spot }: JobSpec, usd: number | null, spotUsd: number | null): number | null {
  return spot ? (spotUsd ?? usd) : usd;
}

/** Whether it asks for more than its accelerator, so that the price of what is offered for that does not hold. */
export function mayGetLarger({ cpus, memoryBytes, options }: JobSpec): boolean {
  return cpus !== null || memoryBytes !== null || machineOptions.some((name) => Object.hasOwn(options, name));
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
      mayGetLarger(spec)
        ? `The CPUs, memory or machine of this job may cost more than ${place} tells, so it cannot be kept below $${costUsd}.`
        : `${place} tells no price for this job, so it cannot be kept below $${costUsd}.`,
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
