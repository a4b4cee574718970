import type { AcceleratorName } from '../../../core/accelerator.ts';
import type { ConnectionId, EpochMs } from '../../../core/job.ts';
import type { Offer, OfferQuery } from '../../../core/offer.ts';
import { acceleratorOf, memoryOf } from '../sizes.ts';
import type { Cluster } from './clusters.ts';
import type { CoreQuota, OfferedSize, Quotas } from './regionLists.ts';

export interface OfferInput {
  readonly connectionId: ConnectionId;
  readonly location: string;
  readonly sizes: readonly OfferedSize[];
  /** null where they may not be read. */
  readonly quotas: Quotas | null;
  /** Where jobs of the connection go unless they say otherwise; null: serverless. */
  readonly cluster: Cluster | null;
  readonly asOf: EpochMs;
}

type Chance = Pick<Offer, 'freeNow' | 'likelihood' | 'note'>;

/** What the workspace can give: its usual cluster, and each accelerator by the smallest machine that has so many. */
export function offersOf(query: OfferQuery, input: OfferInput): readonly Offer[] {
  if (query.region !== undefined && query.region !== input.location) {
    return [];
  }
  const kinds = Map.groupBy(input.sizes, (size) => {
    const accelerator = acceleratorOf(size);
    return accelerator === null ? (size.gpus === 0 ? '' : null) : `${accelerator} ${size.gpus}`;
  });
  const offers = [...kinds].flatMap(([kind, alike]) => {
    const size = alike.find(({ name }) => isOf(input.cluster, name)) ?? smallest(alike);
    return kind === null || size === undefined ? [] : [offer(size, input)];
  });
  const wanted =
    query.accelerator === undefined ? offers : offers.filter(({ accelerator }) => accelerator === query.accelerator);
  return wanted.toSorted((a, b) => compare(a.accelerator, b.accelerator) || a.count - b.count);
}

function compare(a: AcceleratorName | null, b: AcceleratorName | null): number {
  return (a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1;
}

function isOf(cluster: Cluster | null, size: string): boolean {
  return cluster?.size?.toLowerCase() === size.toLowerCase();
}

function smallest(alike: readonly OfferedSize[]): OfferedSize | undefined {
  return alike.toSorted((a, b) => a.vCpus - b.vCpus || a.memoryGb - b.memoryGb)[0];
}

function offer(size: OfferedSize, input: OfferInput): Offer {
  const accelerator = acceleratorOf(size);
  const { connectionId, location, cluster, asOf } = input;
  const isOnCluster = cluster !== null && (isOf(cluster, size.name) || (accelerator === null && cluster.size === null));
  // Which machine a job without accelerators gets on serverless compute is up to Azure, and so is what it costs.
  const isKnown = accelerator !== null || isOf(cluster, size.name);
  return {
    connectionId,
    accelerator,
    count: accelerator === null ? 0 : size.gpus,
    memoryGib: accelerator === null ? null : memoryOf(accelerator),
    region: location,
    priceUsdPerHour: isKnown ? size.price : null,
    spotPriceUsdPerHour: isKnown && size.hasSpot ? size.spotPrice : null,
    ...(isOnCluster ? onCluster(cluster) : serverless(size, input.quotas)),
    asOf,
  };
}

function onCluster({ name, idle, nodes, maxNodes, errors }: Cluster): Chance {
  if (idle > 0) {
    return { freeNow: idle, likelihood: 'now', note: `${idle} idle in ${name}` };
  }
  if (errors.length > 0) {
    return { freeNow: 0, likelihood: 'wait', note: `${name} cannot grow` };
  }
  const isFull = maxNodes !== null && nodes >= maxNodes;
  return isFull
    ? { freeNow: 0, likelihood: 'wait', note: `${nodes} of ${maxNodes} in use in ${name}` }
    : { freeNow: null, likelihood: 'unknown', note: `${name} grows to ${maxNodes ?? 'what is needed'}` };
}

/** A quota is a right to ask, no promise: whether there is a machine shows only when one is asked for. */
export function serverless({ family, vCpus, hasSpot }: OfferedSize, quotas: Quotas | null): Chance {
  const quota = quotas?.ofFamily(family) ?? null;
  if (quotas === null || quota === null || vCpus === 0) {
    return { freeNow: null, likelihood: 'unknown', note: 'quota unknown' };
  }
  const limits = [quota, ...(quotas.total === null ? [] : [quotas.total])];
  const machines = Math.min(...limits.map((each) => room(each, vCpus)));
  if (machines > 0) {
    return { freeNow: null, likelihood: 'unknown', note: machines > 999 ? 'no limit' : `quota for ${machines}` };
  }
  const spot = hasSpot && quotas.spot !== null ? room(quotas.spot, vCpus) : 0;
  if (spot > 0) {
    return { freeNow: null, likelihood: 'unknown', note: `quota for ${spot} spot only` };
  }
  return limits.some(({ limit }) => limit >= 0 && limit < vCpus)
    ? { freeNow: 0, likelihood: 'no', note: 'no quota' }
    : { freeNow: 0, likelihood: 'wait', note: 'quota in use' };
}

/** -1 stands for no limit. */
function room({ used, limit }: CoreQuota, vCpus: number): number {
  return limit < 0 ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.floor((limit - used) / vCpus));
}
