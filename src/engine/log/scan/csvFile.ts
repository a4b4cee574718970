import { appendFile } from 'node:fs/promises';

import type { PointReceiver, PointSink } from '../../../core/metrics/metricPoint.ts';
import { csvRow } from '../../../core/metrics/seriesCsv.ts';

/** Adds the points of some metrics, or of all, to a file. */
export class CsvFile implements PointSink {
  readonly #path: string;
  readonly #names: ReadonlySet<string> | null;
  #rows: string[] = [];

  constructor(path: string, names: readonly string[] | null) {
    this.#path = path;
    this.#names = names === null ? null : new Set(names);
  }

  receiver(name: string, rank: number | null): PointReceiver | undefined {
    return this.#names?.has(name) === false
      ? undefined
      : {
          add: (value, step, epoch, line) => {
            this.#rows.push(csvRow({ name, rank, value, step, epoch, line }));
          },
        };
  }

  /** Puts what was added on disk. Rejects with the system's error. */
  async flush(): Promise<void> {
    const text = this.#rows.join('');
    this.#rows = [];
    await appendFile(this.#path, text);
  }
}
