import { MetricScanner } from '../../../core/metrics/metricScanner.ts';
import type { PointSink } from '../../../core/metrics/metricPoint.ts';
import type { UserPattern } from '../../../core/metrics/userPattern.ts';
import { type BlockRead, eachArrival } from '../blockReader.ts';
import type { LogMark } from '../lineReplay.ts';

/**
 * Gives the points of a log to a sink, in the order in which they arrived, with the numbers of their lines in the log. A point of a
 * line that is not complete (a progress bar that lives) has the number the line would have now.
 */
export class MetricScan {
  readonly #sink: PointSink;
  readonly #patterns: readonly UserPattern[];
  readonly #rankOf: (stream: number) => number | null;
  readonly #scanners: MetricScanner[] = [];
  /** What leads from a line of the stream that is read to the line of the log. */
  #offset = 0;

  /** `rankOf`: the rank of a stream that belongs to one alone. */
  constructor(sink: PointSink, patterns: readonly UserPattern[], rankOf: (stream: number) => number | null) {
    this.#sink = sink;
    this.#patterns = patterns;
    this.#rankOf = rankOf;
  }

  /** @param block All that arrived after `from`, and after what was looked at before. */
  look(from: LogMark, block: BlockRead): void {
    let { line } = from;
    eachArrival(block, (arrival, bytes) => {
      if (arrival.kind === 'gap') {
        line += 1;
        return;
      }
      const scanner = (this.#scanners[arrival.stream] ??= this.#scanner(arrival.stream));
      const before = scanner.line;
      this.#offset = line - before;
      scanner.push(bytes);
      line += scanner.line - before;
    });
  }

  #scanner(stream: number): MetricScanner {
    return new MetricScanner(this.#placed(stream), this.#patterns);
  }

  #placed(stream: number): PointSink {
    return {
      receiver: (name, rank) => {
        const receiver = this.#sink.receiver(name, rank ?? this.#rankOf(stream));
        return receiver === undefined
          ? undefined
          : {
              add: (value, step, epoch, line) => {
                receiver.add(value, step, epoch, line + this.#offset);
              },
            };
      },
    };
  }
}
