import type { ConnectionId } from './job.ts';
import type { JobSpec } from './jobSpec.ts';
import type { Offer } from './offer.ts';

export interface Place {
  readonly connectionId: ConnectionId;
  readonly providerId: string;
}

const likelihoodOrder: readonly Offer['likelihood'][] = ['now', 'wait', 'unknown', 'no'];

/**
 * Where to submit: the spec's own order of preference first (connection ids or provider ids), then what could start soonest.
 * Undefined when no place offers what the spec asks for.
 */
export function choosePlace(spec: JobSpec, offers: readonly Offer[], places: readonly Place[]): Place | undefined {
  const preference = (place: Place): number => {
    const index = spec.providers.findIndex((name) => name === place.connectionId || name === place.providerId);
    return index === -1 ? Number.POSITIVE_INFINITY : index;
  };
  const soonest = (place: Place): number =>
    Math.min(
      ...offers
        .filter((offer) => offer.connectionId === place.connectionId && satisfies(offer, spec))
        .map((offer) => likelihoodOrder.indexOf(offer.likelihood)),
    );
  return places
    .filter(
      (place) => (spec.providers.length === 0 || Number.isFinite(preference(place))) && Number.isFinite(soonest(place)),
    )
    .toSorted((a, b) => comparable(preference(a)) - comparable(preference(b)) || soonest(a) - soonest(b))[0];
}

/** `Infinity - Infinity` is not a number, and a comparison needs one. */
function comparable(rank: number): number {
  return Math.min(rank, Number.MAX_SAFE_INTEGER);
}

/** Whether an offer is what a spec asks for. */
export function satisfies(offer: Offer, spec: JobSpec): boolean {
  const accelerator = spec.accelerator?.name ?? null;
  const count = spec.accelerator?.count ?? 0;
  return (
    offer.accelerator === accelerator && offer.count === count && (spec.region === null || offer.region === spec.region)
  );
}
