import { accelerators } from '../../../core/accelerator.ts';
import type { ConnectionId, EpochMs } from '../../../core/job.ts';
import type { Offer, OfferQuery } from '../../../core/offer.ts';
import { machines } from '../machines/choose.ts';
import { isTpu, type Machine, quotaNeed } from '../machines/machine.ts';
import type { LivePrices } from './livePrices.ts';
import prices from './prices.json' with { type: 'json' };
import type { Quotas } from './quota.ts';

export interface OfferContext {
  readonly connectionId: ConnectionId;
  readonly regions: readonly string[];
  /** null where they may not be asked. */
  readonly quotas: Quotas | null;
  /** null where they cannot be had: the catalogue's are shown then. */
  readonly prices: LivePrices | null;
  readonly asOf: EpochMs;
}

interface Price {
  readonly usd: number | null;
  readonly spotUsd: number | null;
  /** Where they are not Vertex AI's of today: what they are. */
  readonly note: string | null;
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

/** A machine that neither the price list nor the catalogue has in a region is offered only where the project has quota for it. */
function usual(alike: readonly Machine[], region: string, context: OfferContext): Offer[] {
  const [first] = alike.flatMap((machine) => {
    const price = priceOf(machine, region, context.prices);
    return price !== null || (context.quotas?.limit(region, machine.quota, false) ?? 0) > 0
      ? [offerOf(machine, price ?? { usd: null, spotUsd: null, note: null }, region, context)]
      : [];
  });
  return first === undefined ? [] : [first];
}

function offerOf(machine: Machine, price: Price, region: string, { connectionId, quotas, asOf }: OfferContext): Offer {
  const limit = quotas?.limit(region, machine.quota, false);
  const spotLimit = quotas?.limit(region, machine.quota, true);
  const need = quotaNeed(machine);
  const isBeyond = limit !== undefined && limit < need && (spotLimit ?? 0) < need;
  const words = (quota: number): string => `${quota === Infinity ? 'unlimited' : quota}${unitOf(machine)}`;
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
      ...(price.note === null ? [] : [price.note]),
    ].join(', '),
    asOf,
  };
}

/** What a quota counts where that is not what the offer counts. */
function unitOf({ accelerator, acceleratorCount }: Machine): string {
  return accelerator === null ? ' CPUs' : acceleratorCount === undefined ? '' : ' cores';
}

/** null where neither the price list nor the catalogue has such a machine in that region. */
function priceOf(machine: Machine, region: string, live: LivePrices | null): Price | null {
  const listed = catalogued(machine, region);
  const now = live?.of(machine, region) ?? null;
  if (now === null) {
    return listed === null ? null : { ...listed, note: `VM price of ${prices.asOf}` };
  }
  // Spot machines are billed by Compute Engine, and their management by Vertex AI.
  const spotUsd = listed === null || listed.spotUsd === null ? null : rounded(listed.spotUsd + (now.feeUsd ?? 0));
  return { usd: rounded(now.usd), spotUsd, note: spotUsd === null ? null : `spot VM price of ${prices.asOf}` };
}

/** Larger TPU slices cost what their chips do. */
function catalogued(machine: Machine, region: string): Omit<Price, 'note'> | null {
  const rows = prices.machines.filter(
    ({ type, accelerator }) => type === machine.machineType && accelerator === machine.accelerator,
  );
  const row = rows.find(({ count }) => count === machine.count) ?? (isTpu(machine) ? rows[0] : undefined);
  const found = row === undefined ? undefined : Object.entries(row.regions).find(([name]) => name === region)?.[1];
  if (row === undefined || found === undefined) {
    return null;
  }
  const times = (usd: number | null | undefined): number | null =>
    usd === null || usd === undefined ? null : rounded(usd * (machine.count / (row.count || 1) || 1));
  return { usd: times(found[0]), spotUsd: times(found[1]) };
}

function rounded(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
