import type { Series, SeriesAxis, SeriesPoint } from './series.ts';

/** A series as it is now, packed so that it travels between threads and windows cheaply. */
export interface SeriesUpdate {
  readonly name: string;
  readonly rank: number | null;
  /** Points behind it. */
  readonly length: number;
  /** See `unpackPoints`. */
  readonly points: Float64Array<ArrayBuffer>;
}

const axes: readonly SeriesAxis[] = ['step', 'epoch', 'order'];
const cells = 11;

/** @param most About so many points; neighbours are taken together. */
export function packSeries(series: Series, most: number): SeriesUpdate {
  const { name, rank, length } = series;
  const points = series.points(most);
  const packed = new Float64Array(points.length * cells);
  for (const [index, point] of points.entries()) {
    const { firstX, lastX, min, max, mean, last, line, count, broken, segment, axis } = point;
    packed.set([firstX, lastX, min, max, mean, last, line, count, broken, segment, axes.indexOf(axis)], index * cells);
  }
  return { name, rank, length, points: packed };
}

export function unpackPoints(packed: Float64Array): SeriesPoint[] {
  return Array.from({ length: Math.floor(packed.length / cells) }, (_, index) => {
    const cell = (offset: number): number => packed[index * cells + offset] ?? 0;
    return {
      firstX: cell(0),
      lastX: cell(1),
      min: cell(2),
      max: cell(3),
      mean: cell(4),
      last: cell(5),
      line: cell(6),
      count: cell(7),
      broken: cell(8),
      segment: cell(9),
      axis: axes[cell(10)] ?? 'order',
    };
  });
}

/** Tells series apart within one log. */
export function seriesKey(name: string, rank: number | null): string {
  return rank === null ? name : `${name} ${rank}`;
}
