import type { PointReceiver, PointSink } from './metricPoint.ts';
import type { LineShape } from './lineShape.ts';

const mostRanks = 4096;
const noRank = -1;

/** Cells of a record: what a line of a known shape says, as shapeWalk.as writes it. The first says which reader it is for. */
const lineAt = 1;
const rankAt = 2;
const stepAt = 3;
const epochAt = 4;
const valuesAt = 5;

type Receivers = readonly (PointReceiver | undefined)[];

/** Gives what lines of one shape say to the receivers of their metrics. */
export class ShapeReader {
  readonly #shape: LineShape;
  readonly #sink: PointSink;
  /** By rank, one further for those of no rank. */
  readonly #ranks: (Receivers | undefined)[] = [];

  constructor(shape: LineShape, sink: PointSink) {
    this.#shape = shape;
    this.#sink = sink;
  }

  /** Reads the record at `at`; gives where the next one is. */
  give(records: Float64Array, at: number): number {
    const { values, rank, step, epoch } = this.#shape;
    const ofRank = rank === null ? noRank : (records[at + rankAt] ?? noRank);
    const receivers = this.#ranks[ofRank + 1] ?? this.#receivers(ofRank);
    const line = records[at + lineAt] ?? 0;
    const atStep = step === null ? null : (records[at + stepAt] ?? null);
    const atEpoch = epoch === null ? null : (records[at + epochAt] ?? null);
    for (let index = 0; index < values.length; index += 1) {
      receivers[index]?.add(records[at + valuesAt + index] ?? Number.NaN, atStep, atEpoch, line);
    }
    return at + valuesAt + values.length;
  }

  #receivers(rank: number): Receivers {
    const receivers = this.#shape.values.map(({ name }) => this.#sink.receiver(name, rank === noRank ? null : rank));
    if (rank < mostRanks) {
      this.#ranks[rank + 1] = receivers;
    }
    return receivers;
  }
}
