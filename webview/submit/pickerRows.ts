import type { AcceleratorChoice, PlaceChoice } from '../../src/protocol/submitForm.ts';

/** One line of the accelerator list. */
export type PickerRow =
  | { readonly kind: 'vendor'; readonly key: string; readonly label: string }
  | { readonly kind: 'choice'; readonly key: string; readonly choice: AcceleratorChoice; readonly isOpen: boolean }
  | { readonly kind: 'place'; readonly key: string; readonly choice: AcceleratorChoice; readonly place: PlaceChoice };

/** A row that can be chosen. */
export type SelectableRow = Exclude<PickerRow, { readonly kind: 'vendor' }>;

/** Names a choice, and the rows of its places with it. */
export function choiceKey({ name, count }: Pick<AcceleratorChoice, 'name' | 'count'>): string {
  return `${name}×${count}`;
}

/** What a person typed matches when every word of it occurs in the name, the vendor, a place or the memory. */
function matches(choice: AcceleratorChoice, query: string): boolean {
  const { label, name, vendor, count } = choice;
  const places = choice.places.map((place) => `${place.connectionLabel} ${place.region ?? ''}`).join(' ');
  const text = `${label} ${name} ${vendor} ${places} x${count} ×${count} ${count}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => text.includes(word) || text.replaceAll(/[\s-]/gu, '').includes(word));
}

/**
 * The list for a query: grouped by vendor, each accelerator and count once. Under the one that is looked at stand the places that
 * have it; `lookedAt` is a key of a row, and where none has it, the first choice is meant.
 */
export function pickerRows(
  choices: readonly AcceleratorChoice[],
  query: string,
  lookedAt: string | undefined,
): readonly PickerRow[] {
  const found = choices.filter((choice) => matches(choice, query));
  const open = found.find((choice) => placesKey(lookedAt) === choiceKey(choice)) ?? found[0];
  return [...Map.groupBy(found, ({ vendor }) => vendor)].flatMap(([vendor, group]): readonly PickerRow[] => [
    ...(vendor === '' ? [] : [{ kind: 'vendor', key: `vendor:${vendor}`, label: vendor } as const]),
    ...group.flatMap((choice): readonly PickerRow[] => {
      const key = choiceKey(choice);
      const isOpen = choice === open;
      const places = choice.places.map((place): PickerRow => {
        const { connection, region } = place;
        return { kind: 'place', key: `${key}@${connection}/${region ?? ''}`, choice, place };
      });
      return [{ kind: 'choice', key, choice, isOpen }, ...(isOpen ? places : [])];
    }),
  ]);
}

/** The key of the choice that a row belongs to. */
function placesKey(key: string | undefined): string | undefined {
  return key?.split('@')[0];
}

/** "H100 80 GB × 8", "CPU only". */
export function choiceText({ name, label, count }: AcceleratorChoice): string {
  return name === '' ? label : `${label} × ${count}`;
}
