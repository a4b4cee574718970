import type { Accelerator } from '../core/accelerator.ts';
import type { Offer } from '../core/offer.ts';
import type { AcceleratorChoice, PlaceChoice } from '../protocol/submitForm.ts';
import { t } from './l10n.ts';

const likelihoodOrder = { now: 0, wait: 1, unknown: 2, no: 3 } as const;

/**
 * Offers of all connections as one list: accelerators first, places second. CPU only comes first, then what could start
 * soonest, then by name.
 */
export function acceleratorChoices(
  offers: readonly Offer[],
  connectionLabel: (id: string) => string,
  catalogue: readonly Accelerator[],
): readonly AcceleratorChoice[] {
  const byName = Map.groupBy(offers, (offer) => offer.accelerator ?? '');
  const choices = [...byName].map(([name, group]) => {
    const known = catalogue.find((accelerator) => accelerator.name === name);
    const memory = group.find((offer) => offer.memoryGib !== null)?.memoryGib ?? known?.memoryGib ?? null;
    const choice: AcceleratorChoice = {
      name,
      label:
        name === ''
          ? t('CPU only')
          : memory === null || /\d+ ?GB/u.test(name)
            ? name
            : `${name} ${Math.round(memory)} GB`,
      vendor: known?.vendor ?? '',
      counts: [...new Set(group.map((offer) => offer.count))].toSorted((a, b) => a - b),
      places: places(group, connectionLabel),
    };
    return choice;
  });
  return choices.toSorted(
    (a, b) =>
      Number(a.name !== '') - Number(b.name !== '') || soonest(a) - soonest(b) || a.label.localeCompare(b.label),
  );
}

function soonest(choice: AcceleratorChoice): number {
  return Math.min(...choice.places.map((place) => likelihoodOrder[place.likelihood]));
}

/** One row per connection and region: the best of its offers. */
function places(offers: readonly Offer[], connectionLabel: (id: string) => string): readonly PlaceChoice[] {
  const byPlace = Map.groupBy(offers, (offer) => `${offer.connectionId}\n${offer.region ?? ''}`);
  return [...byPlace.values()].flatMap((group) => {
    const best = group.toSorted((a, b) => likelihoodOrder[a.likelihood] - likelihoodOrder[b.likelihood])[0];
    return best === undefined
      ? []
      : [
          {
            connection: best.connectionId,
            connectionLabel: connectionLabel(best.connectionId),
            region: best.region,
            likelihood: best.likelihood,
            note: best.note,
            price: priceText(best.priceUsdPerHour),
          },
        ];
  });
}

function priceText(usdPerHour: number | null): string {
  if (usdPerHour === null) {
    return '';
  }
  return usdPerHour === 0 ? t('no charge') : t('${0}/h', usdPerHour.toFixed(2));
}
