import { type AcceleratorName, accelerators } from '../../../core/accelerator.ts';
import type { ConnectionId, EpochMs } from '../../../core/job.ts';
import type { Offer, OfferQuery } from '../../../core/offer.ts';
import type { Flavour } from '../flavour.ts';
import { chipsOf } from '../plan/topology.ts';
import type { AcceleratorKind, ClusterFacts } from './clusterFacts.ts';
import type { NodeUse } from './nodeUse.ts';

export interface OfferContext {
  readonly connectionId: ConnectionId;
  readonly flavour: Flavour;
  readonly asOf: EpochMs;
}

/** What the nodes can give: CPUs, and each accelerator in the counts that a node can give at once. */
export function offersOf(query: OfferQuery, uses: readonly NodeUse[], context: OfferContext): Offer[] {
  if (query.region !== undefined) {
    return [];
  }
  const named = uses.flatMap((use) => (use.accelerator === null ? [] : [{ ...use, accelerator: use.accelerator }]));
  const accelerated = [...Map.groupBy(named, ({ accelerator }) => accelerator)].flatMap(([name, alike]) =>
    countsOf(alike).map((count) => offer(name, count, alike, context)),
  );
  return query.accelerator === undefined
    ? [cpuOffer(uses.length === 0 ? 'no nodes now' : `${uses.length} nodes`, context), ...accelerated]
    : accelerated.filter(({ accelerator }) => accelerator === query.accelerator);
}

/** For a cluster whose nodes may not be seen. `quota`: what is left of one, in words. */
export function blindOffers(query: OfferQuery, quota: string | null, context: OfferContext): Offer[] {
  return query.accelerator !== undefined || query.region !== undefined
    ? []
    : [cpuOffer(quota ?? 'nodes may not be listed: choose an accelerator and a node selector', context)];
}

function cpuOffer(note: string, { connectionId, asOf }: OfferContext): Offer {
  return {
    connectionId,
    accelerator: null,
    count: 0,
    memoryGib: null,
    region: null,
    priceUsdPerHour: null,
    spotPriceUsdPerHour: null,
    freeNow: null,
    likelihood: 'unknown',
    note,
    asOf,
  };
}

/** TPU nodes go as a whole; of others a job may take some. */
function countsOf(alike: readonly NodeUse[]): readonly number[] {
  const totals = [...new Set(alike.map(({ total }) => total))];
  const most = Math.max(...totals);
  const usual = [1, 2, 4, 8].filter((count) => count <= most);
  const counts = alike.every(({ resource }) => resource === 'google.com/tpu') ? totals : [...usual, ...totals];
  return [...new Set(counts)].toSorted((a, b) => a - b);
}

function offer(name: AcceleratorName, count: number, alike: readonly NodeUse[], context: OfferContext): Offer {
  const fitting = alike.filter(({ total }) => total >= count);
  const isKnown = fitting.every(({ free }) => free !== null);
  const free = alike.reduce((sum, use) => sum + (use.free ?? 0), 0);
  const total = alike.reduce((sum, use) => sum + use.total, 0);
  const spotFree = fitting.filter(({ spot }) => spot !== null).reduce((sum, use) => sum + (use.free ?? 0), 0);
  const freeNow = isKnown ? placesIn(fitting, count) : null;
  const topologies = [...new Set(alike.flatMap(({ topology }) => topology ?? []))];
  return {
    connectionId: context.connectionId,
    accelerator: name,
    count,
    memoryGib: accelerators.find((each) => each.name === name)?.memoryGib ?? null,
    region: null,
    ...priceOf(count, fitting, context.flavour),
    freeNow,
    total,
    likelihood: freeNow === null ? 'unknown' : freeNow > 0 ? 'now' : 'wait',
    note: [
      isKnown ? `${free} of ${total} free` : `${total} in all`,
      ...(isKnown && spotFree > 0 ? [`${spotFree} of them spot`] : []),
      ...(topologies.length > 0 ? [`slices of ${topologies.map((each) => sliceWords(each, count)).join(', ')}`] : []),
    ].join(', '),
    asOf: context.asOf,
  };
}

/** Nodes that can start now. Those of a TPU slice only work together: a slice that is not free as a whole counts for nothing. */
function placesIn(uses: readonly NodeUse[], count: number): number {
  const bySlice = [...Map.groupBy(uses, ({ topology }) => topology)];
  return bySlice.reduce((sum, [topology, alike]) => {
    const places = alike.reduce((all, { free }) => all + Math.floor((free ?? 0) / count), 0);
    return sum + (topology === null ? places : places - (places % nodesOf(topology, count)));
  }, 0);
}

function nodesOf(topology: string, perNode: number): number {
  return Math.max(1, Math.round(chipsOf(topology) / perNode));
}

function sliceWords(topology: string, perNode: number): string {
  const nodes = nodesOf(topology, perNode);
  return nodes === 1 ? topology : `${topology} (${nodes} nodes together)`;
}

/** The share of the machine's price, by the cheapest machine there is. */
function priceOf(
  count: number,
  fitting: readonly NodeUse[],
  flavour: Flavour,
): Pick<Offer, 'priceUsdPerHour' | 'spotPriceUsdPerHour'> {
  const prices = [...new Set(fitting.flatMap(({ instanceType }) => instanceType ?? []))].flatMap(
    (type) => flavour.price(type) ?? [],
  );
  const cheapest = (of: (price: (typeof prices)[number]) => number | null): number | null => {
    const shares = prices.flatMap((price) => {
      const whole = of(price);
      return whole === null || price.count === 0 ? [] : [(whole * count) / price.count];
    });
    return shares.length === 0 ? null : Math.round(Math.min(...shares) * 10_000) / 10_000;
  };
  return {
    priceUsdPerHour: cheapest(({ usdPerHour }) => usdPerHour),
    spotPriceUsdPerHour: cheapest(({ spotUsdPerHour }) => spotUsdPerHour),
  };
}

/** What plans need to know of the nodes. */
export function factsOf(uses: readonly NodeUse[]): ClusterFacts {
  const named = uses.flatMap((use) =>
    use.accelerator === null || use.label === null || use.resource === null
      ? []
      : [{ ...use, accelerator: use.accelerator, label: use.label, resource: use.resource }],
  );
  const kinds = [...Map.groupBy(named, ({ accelerator, label }) => `${accelerator} ${label.key}`).values()];
  const spot = uses.flatMap((use) => use.spot ?? []);
  return {
    accelerators: kinds.flatMap((alike): AcceleratorKind[] => {
      const [first] = alike;
      return first === undefined
        ? []
        : [
            {
              name: first.accelerator,
              resource: first.resource,
              key: first.label.key,
              values: [...new Set(alike.map(({ label }) => label.value))].toSorted(),
              rdma: [...new Set(alike.flatMap(({ rdma }) => rdma))].toSorted(),
              perNode: Math.max(...alike.map(({ total }) => total)),
              topologies: [...new Set(alike.flatMap(({ topology }) => topology ?? []))].toSorted(),
            },
          ];
    }),
    spot: [...new Map(spot.map((mark) => [mark.key, mark])).values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}
