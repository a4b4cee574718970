import { accelerators, type AcceleratorName } from '../../../core/accelerator.ts';
import type { ConnectionId, EpochMs } from '../../../core/job.ts';
import type { Offer, OfferQuery } from '../../../core/offer.ts';
import { nameDevices } from './acceleratorNames.ts';
import type { Partition, Site, SiteNode } from './site.ts';

export interface OfferContext {
  readonly connectionId: ConnectionId;
  readonly asOf: EpochMs;
}

/** What the cluster can give: for each partition its CPUs, and each accelerator in every count that a node has. */
export function offersOf(query: OfferQuery, site: Site, context: OfferContext): Offer[] {
  const overall = overallOf(site);
  return site.partitions
    .filter(({ name }) => query.region === undefined || query.region === name)
    .flatMap((partition) => {
      const nodes = site.nodes.filter((node) => node.partitions.includes(partition.name));
      const offers = acceleratorOffers(partition, nodes, site, context, overall);
      return query.accelerator === undefined
        ? [cpuOffer(partition, nodes, site, context), ...offers]
        : offers.filter((offer) => offer.accelerator === query.accelerator);
    });
}

function cpuOffer(partition: Partition, nodes: readonly SiteNode[], site: Site, context: OfferContext): Offer {
  const usable = nodes.filter(({ isUsable }) => isUsable);
  const freeNow = usable.filter(({ cpus, cpusUsed }) => cpus > cpusUsed).length;
  const free = usable.reduce((sum, { cpus, cpusUsed }) => sum + cpus - cpusUsed, 0);
  return {
    ...common(partition, nodes, site, context, freeNow, `${free} CPUs free now`),
    accelerator: null,
    count: 0,
    memoryGib: null,
  };
}

function acceleratorOffers(
  partition: Partition,
  nodes: readonly SiteNode[],
  site: Site,
  context: OfferContext,
  overall: ReadonlyMap<AcceleratorName, Group>,
): Offer[] {
  return [...kindsOf(nodes)].flatMap(([accelerator, { ambiguous, groups }]) => {
    const { free, total } = sumOf(groups);
    const note = `${free} free now${ambiguous === null ? '' : `; the cluster says only ${ambiguous}`}`;
    const everywhere = overall.get(accelerator);
    return Array.from({ length: Math.max(...groups.map((group) => group.total)) }, (_, index): Offer => {
      const count = index + 1;
      const freeNow = groups.reduce((sum, group) => sum + Math.floor(group.free / count), 0);
      return {
        ...common(partition, nodes, site, context, freeNow, note),
        accelerator,
        count,
        total,
        ...(everywhere === undefined ? {} : { overall: everywhere }),
        memoryGib: accelerators.find(({ name }) => name === accelerator)?.memoryGib ?? null,
      };
    });
  });
}

/** Each node counts once, in however many partitions it is. */
function overallOf({ nodes, partitions }: Site): ReadonlyMap<AcceleratorName, Group> {
  const isUp = new Map(partitions.map((partition) => [partition.name, partition.isUp]));
  const offered = nodes
    .filter((node) => node.partitions.some((name) => isUp.has(name)))
    .map((node) => ({ ...node, isUsable: node.isUsable && node.partitions.some((name) => isUp.get(name) === true) }));
  return new Map([...kindsOf(offered)].map(([name, { groups }]) => [name, sumOf(groups)]));
}

interface Kind {
  /** What the cluster says where that may mean several kinds. */
  readonly ambiguous: string | null;
  readonly groups: Group[];
}

function kindsOf(nodes: readonly SiteNode[]): ReadonlyMap<AcceleratorName, Kind> {
  const kinds = new Map<AcceleratorName, Kind>();
  for (const node of nodes) {
    for (const { gres, total, used } of node.devices) {
      for (const { name, ambiguous } of nameDevices(gres, node)) {
        const kind = kinds.get(name) ?? { ambiguous, groups: [] };
        kinds.set(name, kind);
        kind.groups.push({ total, free: node.isUsable && node.cpus > node.cpusUsed ? Math.max(0, total - used) : 0 });
      }
    }
  }
  return kinds;
}

function sumOf(groups: readonly Group[]): Group {
  return {
    total: groups.reduce((sum, { total }) => sum + total, 0),
    free: groups.reduce((sum, { free }) => sum + free, 0),
  };
}

/** Devices of one kind in one node. */
interface Group {
  readonly total: number;
  readonly free: number;
}

function common(
  partition: Partition,
  nodes: readonly SiteNode[],
  site: Site,
  { connectionId, asOf }: OfferContext,
  freeNow: number,
  freeNote: string,
): Omit<Offer, 'accelerator' | 'count' | 'memoryGib'> {
  const waiting = site.waiting.get(partition.name) ?? 0;
  const place = { connectionId, region: partition.name, priceUsdPerHour: null, spotPriceUsdPerHour: null, asOf };
  if (!partition.isUp) {
    return { ...place, freeNow: 0, likelihood: 'no', note: 'partition takes no jobs' };
  }
  if (!nodes.some(({ isUsable }) => isUsable)) {
    return { ...place, freeNow: 0, likelihood: 'wait', note: 'nodes are down or reserved' };
  }
  if (freeNow > 0) {
    return { ...place, freeNow, likelihood: 'now', note: freeNote };
  }
  return { ...place, freeNow, likelihood: 'wait', note: waiting === 0 ? 'in use' : `in use, ${waiting} waiting` };
}
