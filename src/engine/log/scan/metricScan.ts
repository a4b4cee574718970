import { longestPiece, MetricScanner } from '../../../core/metrics/metricScanner.ts';
import type { PointRecords } from '../../../core/metrics/pointRecords.ts';
import { RecordWriter } from '../../../core/metrics/recordWriter.ts';
import type { UserPattern } from '../../../core/metrics/userPattern.ts';
import { type BlockRead, eachArrival, readArrivals } from '../blockReader.ts';
import { type LogMark, streamStart } from '../lineReplay.ts';
import type { RawLog } from '../rawLog.ts';

/** What arrived between two marks, and of each stream what of an unfinished line was there before, as far as it matters. */
export interface MetricBlock extends BlockRead {
  readonly beginnings: ReadonlyMap<number, Uint8Array>;
}

/** Reads into `room` as long as there is some. */
export async function readMetricBlock(raw: RawLog, from: LogMark, to: LogMark, room: Buffer): Promise<MetricBlock> {
  const block = await readArrivals(raw, from, await raw.between(from, to), room);
  const beginnings = new Map<number, Uint8Array>();
  for (const stream of block.bytes.keys()) {
    const { start, taken } = from.streams[stream] ?? streamStart;
    const length = Math.min(taken - start, longestPiece + 1);
    if (length > 0) {
      beginnings.set(stream, await raw.read(stream, taken - length, length));
    }
  }
  return { ...block, beginnings };
}

const nothing = new Uint8Array();

/**
 * Finds the points between two marks of a log, in the order in which they arrived, with the numbers of their lines in the log. A
 * point of a line that is not complete (a progress bar that lives) has the number the line would have now.
 */
export class MetricScan {
  readonly #patterns: readonly UserPattern[];
  readonly #records = new RecordWriter();
  /** By stream. What they learned of lines is of use elsewhere in the log, too. */
  readonly #scanners: MetricScanner[] = [];

  constructor(patterns: readonly UserPattern[]) {
    this.#patterns = patterns;
  }

  /** Sources of the records are streams. */
  look({ line }: LogMark, block: MetricBlock): PointRecords {
    let next = line;
    for (const stream of block.bytes.keys()) {
      this.#scanner(stream).resume(block.beginnings.get(stream) ?? nothing);
    }
    eachArrival(block, (arrival, bytes) => {
      if (arrival.kind === 'gap') {
        next += 1;
        return;
      }
      const scanner = this.#scanner(arrival.stream);
      scanner.line = next;
      scanner.push(bytes);
      next = scanner.line;
    });
    return this.#records.take();
  }

  #scanner(stream: number): MetricScanner {
    return (this.#scanners[stream] ??= new MetricScanner(this.#records, this.#patterns, stream));
  }
}
