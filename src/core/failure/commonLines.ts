/** Beyond so many insertions and deletions between two anchors, what is between them counts as rewritten. */
const MOST_EDITS = 200;
const NONE = -1;

/**
 * For each line of `before` the index of the same line in `after`, or -1: a common subsequence, as a diff shows it. First
 * what both begin and end with, then between lines that are unique in both (patience), then the shortest edit (Myers).
 */
export function commonLines(before: readonly string[], after: readonly string[]): Int32Array {
  const ids = new Map<string, number>();
  const number = (line: string): number => {
    const id = ids.get(line) ?? ids.size;
    ids.set(line, id);
    return id;
  };
  const a = Int32Array.from(before, number);
  const b = Int32Array.from(after, number);
  const places = new Int32Array(a.length).fill(NONE);
  const whole = trim(a, b, { a0: 0, a1: a.length, b0: 0, b1: b.length }, places);
  let { a0, b0 } = whole;
  for (const anchor of anchors(a, b, whole, ids.size)) {
    fill(a, b, { a0, b0, a1: anchor.a, b1: anchor.b }, places);
    places[anchor.a] = anchor.b;
    a0 = anchor.a + 1;
    b0 = anchor.b + 1;
  }
  fill(a, b, { a0, b0, a1: whole.a1, b1: whole.b1 }, places);
  return places;
}

/** A stretch of each text, the ends exclusive. */
interface Gap {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
}

/** Notes what both stretches begin and end with, and returns what is left between. */
function trim(a: Int32Array, b: Int32Array, gap: Gap, places: Int32Array): Gap {
  let { a0, a1, b0, b1 } = gap;
  while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) {
    places[a0] = b0;
    a0 += 1;
    b0 += 1;
  }
  while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) {
    a1 -= 1;
    b1 -= 1;
    places[a1] = b1;
  }
  return { a0, a1, b0, b1 };
}

interface Anchor {
  readonly a: number;
  readonly b: number;
  readonly before: Anchor | null;
}

/** The longest run of lines, each unique in both stretches, that come in the same order in both. */
function anchors(a: Int32Array, b: Int32Array, { a0, a1, b0, b1 }: Gap, ids: number): readonly Anchor[] {
  const inA = timesIn(a, a0, a1, ids);
  const inB = timesIn(b, b0, b1, ids);
  const placeInB = new Int32Array(ids);
  for (let at = b0; at < b1; at += 1) placeInB[b[at] ?? 0] = at;
  const piles: Anchor[] = [];
  for (let at = a0; at < a1; at += 1) {
    const id = a[at] ?? 0;
    if (inA[id] !== 1 || inB[id] !== 1) continue;
    const place = placeInB[id] ?? 0;
    const pile = firstNotBelow(piles, place);
    piles[pile] = { a: at, b: place, before: piles[pile - 1] ?? null };
  }
  const run: Anchor[] = [];
  for (let last: Anchor | null = piles.at(-1) ?? null; last !== null; last = last.before) run.push(last);
  return run.toReversed();
}

function timesIn(lines: Int32Array, from: number, to: number, ids: number): Int32Array {
  const times = new Int32Array(ids);
  for (const id of lines.subarray(from, to)) times[id] = (times[id] ?? 0) + 1;
  return times;
}

function firstNotBelow(piles: readonly Anchor[], place: number): number {
  let low = 0;
  let high = piles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((piles[middle]?.b ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Myers' greedy search for the shortest edit between two anchors; gives up beyond MOST_EDITS. */
function fill(a: Int32Array, b: Int32Array, gap: Gap, places: Int32Array): void {
  const { a0, a1, b0, b1 } = trim(a, b, gap, places);
  const width = a1 - a0;
  const height = b1 - b0;
  if (width === 0 || height === 0) return;
  const most = Math.min(MOST_EDITS, width + height);
  const reach = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    history.push(reach.slice());
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && at(reach, most, k - 1) < at(reach, most, k + 1));
      let x = down ? at(reach, most, k + 1) : at(reach, most, k - 1) + 1;
      while (x < width && x - k < height && a[a0 + x] === b[b0 + x - k]) x += 1;
      reach[k + most + 1] = x;
      if (x >= width && x - k >= height) {
        walkBack(history, most, { a0, a1, b0, b1 }, places);
        return;
      }
    }
  }
}

const at = (reach: Int32Array, most: number, k: number): number => reach[k + most + 1] ?? 0;

/** From the end of both stretches back to their start, noting the lines kept on the way. */
function walkBack(history: readonly Int32Array[], most: number, { a0, a1, b0, b1 }: Gap, places: Int32Array): void {
  let x = a1 - a0;
  let y = b1 - b0;
  for (let edits = history.length - 1; edits >= 0; edits -= 1) {
    const reach = history[edits];
    if (reach === undefined) return;
    const k = x - y;
    const down = k === -edits || (k !== edits && at(reach, most, k - 1) < at(reach, most, k + 1));
    const fromX = edits === 0 ? 0 : at(reach, most, down ? k + 1 : k - 1);
    const afterEdit = edits === 0 ? 0 : fromX + (down ? 0 : 1);
    while (x > afterEdit) {
      x -= 1;
      y -= 1;
      places[a0 + x] = b0 + y;
    }
    if (edits === 0) return;
    x = fromX;
    y = fromX - (down ? k + 1 : k - 1);
  }
}
