import type { AcceleratorChoice, PlaceChoice } from '../../src/protocol/submitForm.ts';

/** One line of the accelerator list. */
export type PickerRow =
  | { readonly kind: 'vendor'; readonly key: string; readonly label: string }
  | { readonly kind: 'choice'; readonly key: string; readonly choice: AcceleratorChoice; readonly count: number }
  | {
      readonly kind: 'place';
      readonly key: string;
      readonly choice: AcceleratorChoice;
      readonly count: number;
      readonly place: PlaceChoice;
    };

/** What a person typed matches when every word of it occurs in the name, the vendor, a place or the memory. */
function matches(choice: AcceleratorChoice, count: number, query: string): boolean {
  const places = choice.places.map((place) => `${place.connectionLabel} ${place.region ?? ''}`).join(' ');
  const text = `${choice.label} ${choice.name} ${choice.vendor} ${places} x${count} ×${count} ${count}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => text.includes(word) || text.replaceAll(/[\s-]/gu, '').includes(word));
}

/** The list for a query: grouped by vendor, each accelerator and count once, the places that have it under it. */
export function pickerRows(choices: readonly AcceleratorChoice[], query: string): readonly PickerRow[] {
  const rows: PickerRow[] = [];
  const vendors = Map.groupBy(choices, (choice) => choice.vendor);
  for (const [vendor, group] of vendors) {
    const own = group.flatMap((choice) =>
      choice.counts
        .filter((count) => matches(choice, count, query))
        .flatMap((count): PickerRow[] => [
          { kind: 'choice', key: `${choice.name}×${count}`, choice, count },
          ...choice.places.map((place): PickerRow => ({
            kind: 'place',
            key: `${choice.name}×${count}@${place.connection}/${place.region ?? ''}`,
            choice,
            count,
            place,
          })),
        ]),
    );
    if (own.length > 0 && vendor !== '') {
      rows.push({ kind: 'vendor', key: `vendor:${vendor}`, label: vendor });
    }
    rows.push(...own);
  }
  return rows;
}

/** "H100 80 GB × 8", "CPU only". */
export function choiceText(choice: AcceleratorChoice, count: number): string {
  return choice.name === '' ? choice.label : `${choice.label} × ${count}`;
}
