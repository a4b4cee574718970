import { accelerators as catalogue } from '../../core/accelerator.ts';
import type { Offer } from '../../core/offer.ts';
import type { AcceleratorChoice, PlaceChoice } from '../../protocol/submitForm.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { acceleratorLabel, likelihoodOrder, soonest } from './freeAccelerators.ts';

const longestWord = 60;

/**
 * Offers of all connections as one list: accelerator and count first, places second. CPU only comes first, then what could start
 * soonest, then by name and count.
 */
export function acceleratorChoices(
  offers: readonly Offer[],
  connectionLabel: (id: string) => string,
): readonly AcceleratorChoice[] {
  const kinds = [...Map.groupBy(offers, (offer) => offer.accelerator ?? '')].map(([name, group]) => ({
    name,
    label: acceleratorLabel(name, group),
    group,
    likelihood: soonest(group).likelihood,
  }));
  return kinds
    .toSorted(
      (a, b) =>
        Number(a.name !== '') - Number(b.name !== '') ||
        likelihoodOrder[a.likelihood] - likelihoodOrder[b.likelihood] ||
        a.label.localeCompare(b.label),
    )
    .flatMap(({ name, label, group }) =>
      [...Map.groupBy(group.filter(isUsual), ({ count }) => count)]
        .toSorted(([one], [other]) => one - other)
        .map(([count, alike]): AcceleratorChoice => {
          const vendor = catalogue.find((accelerator) => accelerator.name === name)?.vendor ?? '';
          return { name, label, vendor, count, price: lowestPrice(alike), places: placesOf(alike, connectionLabel) };
        }),
    );
}

/** Of a place that gives any number, only those that people ask for are listed; the others can be typed. */
function isUsual({ connectionId, region, count }: Offer, _index: number, all: readonly Offer[]): boolean {
  const isPowerOfTwo = Number.isInteger(Math.log2(Math.max(1, count)));
  const most = Math.max(
    ...all
      .filter((other) => other.connectionId === connectionId && other.region === region)
      .map((other) => other.count),
  );
  return isPowerOfTwo || count === most;
}

/** One row per connection and region: the best of its offers. What could start soonest comes first, then what costs least. */
function placesOf(offers: readonly Offer[], connectionLabel: (id: string) => string): readonly PlaceChoice[] {
  return [...Map.groupBy(offers, (offer) => `${offer.connectionId}\n${offer.region ?? ''}`).values()]
    .map((group) => soonest(group))
    .toSorted(
      (a, b) =>
        likelihoodOrder[a.likelihood] - likelihoodOrder[b.likelihood] || comparablePrice(a) - comparablePrice(b),
    )
    .map((best) => ({
      connection: best.connectionId,
      connectionLabel: connectionLabel(best.connectionId),
      region: best.region === null ? null : oneLine(best.region, longestWord),
      likelihood: best.likelihood,
      note: oneLine(best.note, longestWord) || likelihoodWord(best.likelihood),
      price: priceText(best.priceUsdPerHour),
      usdPerHour: best.priceUsdPerHour,
      spotUsdPerHour: best.spotPriceUsdPerHour,
    }));
}

function comparablePrice({ priceUsdPerHour }: Offer): number {
  return priceUsdPerHour ?? Number.MAX_SAFE_INTEGER;
}

function likelihoodWord(likelihood: Offer['likelihood']): string {
  const words: Readonly<Record<Offer['likelihood'], string>> = {
    now: t('free now'),
    wait: t('would wait'),
    unknown: t('not known'),
    no: t('none left'),
  };
  return words[likelihood];
}

/** "from $12.40/h" where places differ. */
function lowestPrice(offers: readonly Offer[]): string {
  const prices = offers.map(({ priceUsdPerHour }) => priceUsdPerHour).filter((price) => price !== null);
  const lowest = prices.length === 0 ? null : Math.min(...prices);
  const differ = prices.length < offers.length || Math.max(...prices) !== lowest;
  return lowest !== null && lowest > 0 && differ ? t('from {0}', priceText(lowest)) : priceText(lowest);
}

function priceText(usdPerHour: number | null): string {
  if (usdPerHour === null) {
    return '';
  }
  return usdPerHour === 0 ? t('no charge') : t('${0}/h', usdPerHour.toFixed(2));
}
