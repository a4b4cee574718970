import { accelerators } from '../../../core/accelerator.ts';
import type { ConnectionId, EpochMs } from '../../../core/job.ts';
import type { Offer, OfferQuery } from '../../../core/offer.ts';
import { machines } from '../machines/choose.ts';
import { isTpu, type Machine } from '../machines/machine.ts';
import prices from './prices.json' with { type: 'json' };
import type { Quotas } from './quota.ts';

export interface OfferContext {
  readonly connectionId: ConnectionId;
  readonly regions: readonly string[];
  /** null where they may not be asked. */
  readonly quotas: Quotas | null;
  readonly asOf: EpochMs;
}

interface Price {
  readonly usd: number | null;
  readonly spotUsd: number | null;
}

/**
 * What custom training can give in the regions of a connection: of each accelerator and count the machine that a plan takes. Whether there is
 * capacity Google says only by giving it.
 */
export function offersOf(query: OfferQuery, context: OfferContext): Offer[] {
  const regions = query.region === undefined ? context.regions : [query.region];
  return regions.flatMap((region) => {
    const wanted = machines.filter(
      (machine) => query.accelerator === undefined || machine.accelerator === query.accelerator,
    );
    const kinds = Map.groupBy(wanted, ({ accelerator, count }) => `${accelerator} ${count}`);
    return [...kinds.values()].flatMap((alike) => usual(alike, region, context));
  });
}

/** A machine that the catalogue does not place in a region is offered only where the project has quota for it. */
function usual(alike: readonly Machine[], region: string, context: OfferContext): Offer[] {
  const [first] = alike.flatMap((machine) => {
    const price = priceOf(machine, region);
    return price !== null || (context.quotas?.limit(region, machine.quota, false) ?? 0) > 0
      ? [offerOf(machine, price ?? { usd: null, spotUsd: null }, region, context)]
      : [];
  });
  return first === undefined ? [] : [first];
}

function offerOf(machine: Machine, price: Price, region: string, { connectionId, quotas, asOf }: OfferContext): Offer {
  const limit = quotas?.limit(region, machine.quota, false);
  const spotLimit = quotas?.limit(region, machine.quota, true);
  const isBeyond = limit !== undefined && limit < machine.count && (spotLimit ?? 0) < machine.count;
  return {
    connectionId,
    accelerator: machine.accelerator,
    count: machine.count,
    memoryGib: accelerators.find(({ name }) => name === machine.accelerator)?.memoryGib ?? null,
    region,
    priceUsdPerHour: price.usd,
    spotPriceUsdPerHour: (machine.hosts ?? 1) > 1 ? null : price.spotUsd,
    freeNow: null,
    likelihood: isBeyond ? 'no' : 'unknown',
    note: [
      ...(limit === undefined ? [] : [`quota ${words(limit)}`]),
      ...(spotLimit === undefined ? [] : [`spot quota ${words(spotLimit)}`]),
      ...(machine.needsReservation === true ? ['by reservation'] : []),
      ...((machine.hosts ?? 1) > 1 ? [`${machine.hosts} machines together`] : []),
      ...(price.usd === null && price.spotUsd === null ? [] : [`VM price of ${prices.asOf}`]),
    ].join(', '),
    asOf,
  };
}

function words(limit: number): string {
  return limit === Infinity ? 'unlimited' : String(limit);
}

/** null where the catalogue has no such machine in that region. Larger TPU slices cost what their chips do. */
function priceOf(machine: Machine, region: string): Price | null {
  const rows = prices.machines.filter(
    ({ type, accelerator }) => type === machine.machineType && accelerator === machine.accelerator,
  );
  const row = rows.find(({ count }) => count === machine.count) ?? (isTpu(machine) ? rows[0] : undefined);
  const found = row === undefined ? undefined : Object.entries(row.regions).find(([name]) => name === region)?.[1];
  if (row === undefined || found === undefined) {
    return null;
  }
  const times = (usd: number | null | undefined): number | null =>
    usd === null || usd === undefined
      ? null
      : Math.round(usd * (machine.count / (row.count || 1) || 1) * 10_000) / 10_000;
  return { usd: times(found[0]), spotUsd: times(found[1]) };
}
