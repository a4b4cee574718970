import type { PointReceiver, PointSink } from '../../../core/metrics/metricPoint.ts';
import { SeriesSet } from '../../../core/metrics/seriesSet.ts';
import { packSeries, seriesKey, type SeriesUpdate } from '../../../core/metrics/seriesUpdate.ts';

/** Of a series, so many points are told: more than a chart has room for. */
const mostPoints = 600;

/** The curves of a log so far, and which of them changed. */
export class SeriesScan implements PointSink {
  readonly #series = new SeriesSet();
  readonly #told = new Map<string, number>();

  get refused(): boolean {
    return this.#series.refused;
  }

  receiver(name: string, rank: number | null): PointReceiver | undefined {
    return this.#series.receiver(name, rank);
  }

  /** Curves that have grown since they were taken last. */
  take(): readonly SeriesUpdate[] {
    const grown = this.#series
      .curves()
      .filter(({ name, rank, length }) => this.#told.get(seriesKey(name, rank)) !== length);
    for (const { name, rank, length } of grown) {
      this.#told.set(seriesKey(name, rank), length);
    }
    return grown.map((series) => packSeries(series, mostPoints));
  }
}
