import type { PointReceiver } from './metricPoint.ts';

/**
 * What the x of points is: the step as printed, else the epoch, else how many points came before. A step that begins again with the
 * next epoch, as bars of trainers print it, goes on where the epoch before ended.
 */
export type SeriesAxis = 'step' | 'epoch' | 'order';

/** One or several neighbouring points of a series. */
export interface SeriesPoint {
  /** Of the first and the last point in it. */
  readonly firstX: number;
  readonly lastX: number;
  /** Of the numbers in it; NaN when there is none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** As printed, so NaN or infinite perhaps. */
  readonly last: number;
  readonly line: number;
  readonly count: number;
  /** Values that are NaN or infinite. */
  readonly broken: number;
  /** A step that goes back, as after a restart, begins another. */
  readonly segment: number;
  readonly axis: SeriesAxis;
}

const axes: readonly SeriesAxis[] = ['step', 'epoch', 'order'];
const stepAxis = 0;
const epochAxis = 1;
const orderAxis = 2;

/** Cells of a bucket. Where two buckets become one, those from `sum` to `broken` are added, of those from `lastX` on the later ones stay. */
const firstX = 0;
const min = 1;
const max = 2;
const sum = 3;
const count = 4;
const broken = 5;
const lastX = 6;
const last = 7;
const line = 8;
const segment = 9;
const axis = 10;
const cells = 11;

/**
 * The points of one metric in memory that does not grow: a fixed number of buckets of neighbouring points. When all are taken,
 * neighbours merge and from then on a bucket holds twice as many.
 */
export class Series implements PointReceiver {
  readonly name: string;
  readonly rank: number | null;
  readonly #buckets: Float64Array;
  /** The bucket that fills, which is beside the others until it is full. Numbers in it are written where they lie, those in fields are not. */
  readonly #bucket = new Float64Array(cells);
  /** Where it belongs; negative before the first point. */
  #current = -cells;
  #perBucket = 1;
  #points = 0;
  #count = 0;
  #segment = -1;
  #axis = -1;
  /** As printed last. */
  #step = 0;
  #epoch: number | null = null;
  /** Steps of the epochs before this one. */
  #before = 0;

  /** @param capacity Most buckets. */
  constructor(name: string, rank: number | null, capacity = 4096) {
    this.name = name;
    this.rank = rank;
    this.#buckets = new Float64Array(capacity * cells);
  }

  /** Points added so far. */
  get length(): number {
    return this.#points;
  }

  add(value: number, step: number | null, epoch: number | null, atLine: number): void {
    const kind = step === null ? (epoch === null ? orderAxis : epochAxis) : stepAxis;
    const x = step === null ? (epoch ?? this.#points) : this.#stepOverEpochs(step, epoch);
    this.#points += 1;
    const bucket = this.#bucket;
    const isNext = kind === this.#axis && x >= (bucket[lastX] ?? 0);
    if (!isNext || this.#count >= this.#perBucket) {
      this.#open(x, kind, isNext ? this.#segment : this.#segment + 1);
    }
    bucket[lastX] = x;
    bucket[last] = value;
    bucket[line] = atLine;
    this.#count += 1;
    // Neither NaN nor infinite.
    if (value - value === 0) {
      bucket[sum] = (bucket[sum] ?? 0) + value;
      if (value < (bucket[min] ?? 0)) {
        bucket[min] = value;
      }
      if (value > (bucket[max] ?? 0)) {
        bucket[max] = value;
      }
    } else {
      bucket[broken] = (bucket[broken] ?? 0) + 1;
    }
  }

  #stepOverEpochs(step: number, epoch: number | null): number {
    if (epoch === null || this.#epoch === null || epoch < this.#epoch) {
      this.#before = 0;
    } else if (epoch > this.#epoch && step <= this.#step) {
      // Counted from 0, the last step was one less than how many there are.
      this.#before += this.#step + (step === 0 ? 1 : 0);
    }
    this.#epoch = epoch;
    this.#step = step;
    return this.#before + step;
  }

  /**
   * The points in their order: buckets, or when they are more than `most`, neighbours of a segment taken together so that there
   * are about that many. Least and greatest values are kept.
   */
  points(most = Infinity): SeriesPoint[] {
    this.#store();
    const end = this.#current + cells;
    const together = Math.max(1, Math.ceil(end / cells / Math.max(1, most))) * cells;
    const points: SeriesPoint[] = [];
    for (let start = 0; start < end;) {
      const group = this.#buckets.slice(start, start + cells);
      let next = start + cells;
      while (next < end && next - start < together && this.#buckets[next + segment] === group[segment]) {
        absorb(group, 0, this.#buckets, next);
        next += cells;
      }
      points.push(pointOf(group));
      start = next;
    }
    return points;
  }

  #open(x: number, kind: number, part: number): void {
    this.#store();
    if (this.#current + cells === this.#buckets.length) {
      this.#halve();
    }
    this.#current += cells;
    const bucket = this.#bucket;
    bucket[firstX] = x;
    bucket[min] = Infinity;
    bucket[max] = -Infinity;
    bucket[sum] = 0;
    bucket[broken] = 0;
    this.#count = 0;
    this.#segment = part;
    this.#axis = kind;
  }

  /** Writes the bucket that fills to its place. */
  #store(): void {
    const bucket = this.#bucket;
    if (this.#current >= 0) {
      bucket[count] = this.#count;
      bucket[segment] = this.#segment;
      bucket[axis] = this.#axis;
      this.#buckets.set(bucket, this.#current);
    }
  }

  /** Merges neighbours of the same segment; neighbours whatever they are if that frees too little. */
  #halve(): void {
    this.#perBucket *= 2;
    this.#current = merged(this.#buckets, this.#current, true);
    if (this.#current + cells > this.#buckets.length * 0.75) {
      this.#current = merged(this.#buckets, this.#current, false);
    }
  }
}

/** Merges each bucket up to `end` with the one behind it; returns the offset of the last bucket then. */
function merged(buckets: Float64Array, end: number, sameSegment: boolean): number {
  let to = -cells;
  let isPair = true;
  for (let from = 0; from <= end; from += cells) {
    if (!isPair && (!sameSegment || buckets[from + segment] === buckets[to + segment])) {
      absorb(buckets, to, buckets, from);
      isPair = true;
    } else {
      to += cells;
      // By hand: a call for so few numbers takes longer.
      for (let cell = 0; cell < cells; cell += 1) {
        buckets[to + cell] = buckets[from + cell] ?? 0;
      }
      isPair = false;
    }
  }
  return to;
}

/** Adds a bucket to the one before it. Of two segments the later remains, so that the next point knows where it continues. */
function absorb(into: Float64Array, to: number, buckets: Float64Array, from: number): void {
  into[to + min] = Math.min(into[to + min] ?? 0, buckets[from + min] ?? 0);
  into[to + max] = Math.max(into[to + max] ?? 0, buckets[from + max] ?? 0);
  for (let cell = sum; cell <= broken; cell += 1) {
    into[to + cell] = (into[to + cell] ?? 0) + (buckets[from + cell] ?? 0);
  }
  for (let cell = lastX; cell < cells; cell += 1) {
    into[to + cell] = buckets[from + cell] ?? 0;
  }
}

function pointOf(bucket: Float64Array): SeriesPoint {
  const cell = (index: number): number => bucket[index] ?? 0;
  const good = cell(count) - cell(broken);
  return {
    firstX: cell(firstX),
    lastX: cell(lastX),
    min: good === 0 ? Number.NaN : cell(min),
    max: good === 0 ? Number.NaN : cell(max),
    mean: good === 0 ? Number.NaN : cell(sum) / good,
    last: cell(last),
    line: cell(line),
    count: cell(count),
    broken: cell(broken),
    segment: cell(segment),
    axis: axes[cell(axis)] ?? 'order',
  };
}
