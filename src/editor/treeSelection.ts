import { setTimeout as delay } from 'node:timers/promises';

/** A redraw is over after this long at the latest, in ms. */
const redrawLasts = 1_000;
const step = 50;

/**
 * The selected rows of a tree. While a tree is drawn anew VS Code forgets which rows there are, and so for a moment names none or only
 * some of the selected ones, though the person sees them selected.
 */
export async function settledSelection<Node>(
  view: { readonly selection: readonly Node[] },
  redrawnAt: () => number,
): Promise<readonly Node[]> {
  for (let before = -1; Date.now() - redrawnAt() < redrawLasts;) {
    const { length } = view.selection;
    if (length > 0 && length === before) {
      break;
    }
    before = length;
    await delay(step);
  }
  return view.selection;
}
