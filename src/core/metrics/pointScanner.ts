import type { PointSink } from './metricPoint.ts';
import { MetricScanner } from './metricScanner.ts';
import { givePoints } from './pointRecords.ts';
import { RecordWriter } from './recordWriter.ts';
import type { UserPattern } from './userPattern.ts';

/** Gives the points in the bytes of a log to a sink as they arrive, see `MetricScanner`. */
export class PointScanner {
  readonly #sink: PointSink;
  readonly #records = new RecordWriter();
  readonly #scanner: MetricScanner;

  constructor(sink: PointSink, patterns: readonly UserPattern[] = []) {
    this.#sink = sink;
    this.#scanner = new MetricScanner(this.#records, patterns);
  }

  push(bytes: Uint8Array): void {
    this.#scanner.push(bytes);
    this.#give();
  }

  end(): void {
    this.#scanner.end();
    this.#give();
  }

  #give(): void {
    givePoints(this.#records.take(), this.#sink, () => null);
  }
}
