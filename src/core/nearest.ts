/** The candidates that `text` may have been meant to be, nearest first: a few slips away, or with one the beginning of the other. */
export function nearest(text: string, candidates: readonly string[], limit: number): readonly string[] {
  const wanted = text.slice(0, 100).toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: slips(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3)),
    )
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function slips(wanted: string, candidate: string): number {
  const begins =
    wanted.length > 1 && candidate.length > 1 && (candidate.startsWith(wanted) || wanted.startsWith(candidate));
  return begins ? 0.5 : editDistance(wanted, candidate);
}

/** Letters to insert, delete, replace or swap with their neighbour to turn one text into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
