import { accelerators as catalogue } from '../../core/accelerator.ts';
import type { Offer } from '../../core/offer.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';

/** What there is of one accelerator in one part of a connection. */
export interface RegionStock {
  /** null: the connection has no parts. */
  readonly region: string | null;
  /** Accelerators that could be used now; null when the backend does not say. */
  readonly free: number | null;
  readonly total: number | null;
  readonly likelihood: Offer['likelihood'];
  /** The provider's own word. */
  readonly note: string;
}

/** What a connection has of one accelerator. */
export interface Stock {
  /** Empty: no accelerator, CPU only. */
  readonly name: string;
  /** "H100 80 GB", "CPU only". */
  readonly label: string;
  readonly free: number | null;
  readonly total: number | null;
  readonly likelihood: Offer['likelihood'];
  /** How many a node may have, ascending. */
  readonly counts: readonly number[];
  readonly regions: readonly RegionStock[];
}

export const likelihoodOrder = { now: 0, wait: 1, unknown: 2, no: 3 } as const;
const longestWord = 80;

/** Offers of one connection by accelerator: what is free comes first, CPU only last. */
export function stockOf(offers: readonly Offer[]): readonly Stock[] {
  const stock = [...Map.groupBy(offers, (offer) => offer.accelerator ?? '')].map(([name, group]): Stock => {
    const overall = group.find((offer) => offer.overall !== undefined)?.overall;
    const regions = [...Map.groupBy(group, (offer) => offer.region)].map(([region, here]) => regionStock(region, here));
    return {
      name,
      label: acceleratorLabel(name, group),
      free: overall?.free ?? sum(regions.map(({ free }) => free)),
      total: overall?.total ?? sum(regions.map(({ total }) => total)),
      likelihood: soonest(group).likelihood,
      counts: [...new Set(group.map(({ count }) => count))].toSorted((a, b) => a - b),
      regions: regions.toSorted((a, b) => likelihoodOrder[a.likelihood] - likelihoodOrder[b.likelihood]),
    };
  });
  return stock.toSorted(
    (a, b) =>
      Number(a.name === '') - Number(b.name === '') ||
      (b.free ?? 0) - (a.free ?? 0) ||
      likelihoodOrder[a.likelihood] - likelihoodOrder[b.likelihood] ||
      a.label.localeCompare(b.label),
  );
}

/** "H100 80 GB": the memory that the device itself or the catalogue tells, once. Empty: "CPU only". */
export function acceleratorLabel(name: string, offers: readonly Offer[]): string {
  if (name === '') {
    return t('CPU only');
  }
  const known = catalogue.find((accelerator) => accelerator.name === name)?.memoryGib ?? null;
  const memory = offers.find((offer) => offer.memoryGib !== null)?.memoryGib ?? known;
  return memory === null || /\d+ ?GB/u.test(name) ? oneLine(name, longestWord) : `${name} ${Math.round(memory)} GB`;
}

/** The offer that could start first. */
export function soonest(offers: readonly [Offer, ...Offer[]] | readonly Offer[]): Offer {
  const [first, ...others] = offers;
  if (first === undefined) {
    throw new Error('There is no offer.');
  }
  return others.reduce(
    (best, offer) => (likelihoodOrder[offer.likelihood] < likelihoodOrder[best.likelihood] ? offer : best),
    first,
  );
}

function regionStock(region: string | null, offers: readonly Offer[]): RegionStock {
  const free = offers.flatMap(({ freeNow, count }) => (freeNow === null ? [] : [freeNow * Math.max(1, count)]));
  const totals = offers.flatMap(({ total }) => total ?? []);
  const best = soonest(offers);
  return {
    region: region === null ? null : oneLine(region, longestWord),
    free: free.length === 0 ? null : Math.max(...free),
    total: totals.length === 0 ? null : Math.max(...totals),
    likelihood: best.likelihood,
    note: oneLine(best.note, longestWord),
  };
}

/** What is known of some of them counts; null when nothing is. */
function sum(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length === 0 ? null : known.reduce((all, number) => all + number, 0);
}

/** "16 of 32 free", "16 free", "none of 32 free"; empty when nothing is known. */
export function freeText({ free, total }: Pick<Stock, 'free' | 'total'>): string {
  if (free === null) {
    return '';
  }
  if (total === null) {
    return free === 0 ? t('none free') : t('{0} free', free);
  }
  return free === 0 ? t('none of {0} free', total) : t('{0} of {1} free', free, total);
}

/** What a connection has, in a few words: "16 of 32 H100 free", "H100, H200 and 3 others", "CPU only". */
export function stockSentence(offers: readonly Offer[]): string {
  const stock = stockOf(offers);
  const named = stock.filter(({ name }) => name !== '');
  const counted = named.filter(({ free }) => free !== null);
  const free = counted.filter((one) => one.free !== null && one.free > 0);
  if (free.length > 0) {
    const words = free.map(({ name, free: some, total }) =>
      total === null ? `${some} ${name}` : t('{0} of {1} {2}', some ?? 0, total, name),
    );
    return t('{0} free', some(words));
  }
  if (counted.length > 0) {
    return t('no {0} free', some(counted.map(({ name }) => name)));
  }
  if (named.length > 0) {
    return some(named.map(({ name }) => name));
  }
  return stock.length === 0 ? t('nothing to offer') : t('CPU only');
}

/** The first two, and how many others there are. */
function some(words: readonly string[]): string {
  const [first = '', second] = words;
  if (second === undefined) {
    return first;
  }
  const others = words.length - 2;
  return others === 0 ? t('{0}, {1}', first, second) : t('{0}, {1} and {2} more', first, second, others);
}
