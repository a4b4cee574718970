import { queryRegex } from '../../src/core/lineQuery.ts';
import type { LineQuery } from '../../src/core/logRow.ts';
import type { Stretch } from './textRuns.ts';

/** A repeated group, a reference back: on a hostile line such a pattern may take for ever, and this page has one thread. */
const risky = /\)[*+{]|\\[1-9k]|[*+}][*+{]|(?:[*+{].*){3}/u;
const mostPerLine = 200;
/** Beyond this column nothing is highlighted. */
const widest = 2_000;

/** Finds the stretches of a visible line that a search means. For a pattern that might hang it finds none: its rows are gone to all the same. */
export function highlighter(query: LineQuery | null): (visible: string) => readonly Stretch[] {
  if (query === null || query.text === '' || (query.isRegex && risky.test(query.text))) {
    return () => [];
  }
  let regex: RegExp;
  try {
    regex = queryRegex(query, 'g');
  } catch {
    return () => [];
  }
  return (visible) => {
    const found: Stretch[] = [];
    for (const match of visible.slice(0, widest).matchAll(regex)) {
      if (match[0].length > 0) {
        found.push([match.index, match.index + match[0].length]);
      }
      if (found.length >= mostPerLine) {
        break;
      }
    }
    return found;
  };
}
