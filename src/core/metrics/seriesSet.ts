import type { PointSink } from './metricPoint.ts';
import { Series } from './series.ts';
import { seriesKey } from './seriesUpdate.ts';

const mostSeries = 500;

/** All series of a log. Bounded: a log that prints ever new names gets no more than 500. */
export class SeriesSet implements PointSink {
  readonly #series = new Map<string, Series>();
  readonly #most: number;
  #refused = false;

  constructor(most = mostSeries) {
    this.#most = most;
  }

  /** Were there more names than are kept? */
  get refused(): boolean {
    return this.#refused;
  }

  receiver(name: string, rank: number | null): Series | undefined {
    const key = seriesKey(name, rank);
    const known = this.#series.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#series.size >= this.#most) {
      this.#refused = true;
      return undefined;
    }
    const series = new Series(name, rank);
    this.#series.set(key, series);
    return series;
  }

  /** Those that make a curve, two points or more, by name and then rank. A number that is printed once is none. */
  curves(): readonly Series[] {
    return [...this.#series.values()]
      .filter(({ length }) => length > 1)
      .toSorted((a, b) => (a.name === b.name ? (a.rank ?? -1) - (b.rank ?? -1) : a.name < b.name ? -1 : 1));
  }
}
