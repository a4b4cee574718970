import type { PointReceiver, PointSink } from './metricPoint.ts';

/** What lines of one source say that print the same metrics. */
export interface RecordKind {
  /** Of the metrics. */
  readonly names: readonly string[];
  /** Whether these are printed. */
  readonly hasRank: boolean;
  readonly hasStep: boolean;
  readonly hasEpoch: boolean;
  /** Where the lines come from, as whoever scans numbers it. */
  readonly source: number;
}

/** Points of lines in their order, packed so that they travel between threads cheaply. */
export interface PointRecords {
  readonly kinds: readonly RecordKind[];
  /** Of each line its kind, then what `recordCells` tell, then the values. */
  readonly cells: Float64Array<ArrayBuffer>;
}

/** Where in a record what stands; shapeWalk.as writes it so, too. What is not printed has any value. */
export const recordCells = { kind: 0, line: 1, rank: 2, step: 3, epoch: 4, values: 5 } as const;

const { kind: kindAt, line: lineAt, rank: rankAt, step: stepAt, epoch: epochAt, values: valuesAt } = recordCells;

/** Gives the points to the receivers of their metrics. `rankOf`: the rank of a source whose lines print none. */
export function givePoints(
  { kinds, cells }: PointRecords,
  sink: PointSink,
  rankOf: (source: number) => number | null,
): void {
  const readers = kinds.map((kind) => new RecordReader(kind, sink, rankOf(kind.source)));
  for (let at = 0; at < cells.length;) {
    at = readers[cells[at + kindAt] ?? -1]?.give(cells, at) ?? cells.length;
  }
}

const mostRanks = 4096;
const noRank = -1;

type Receivers = readonly (PointReceiver | undefined)[];

/** Reads the records of one kind. */
class RecordReader {
  readonly #kind: RecordKind;
  readonly #sink: PointSink;
  readonly #ownRank: number;
  /** By rank, one further for those of no rank. */
  readonly #ranks: (Receivers | undefined)[] = [];

  constructor(kind: RecordKind, sink: PointSink, ownRank: number | null) {
    this.#kind = kind;
    this.#sink = sink;
    this.#ownRank = ownRank ?? noRank;
  }

  /** Reads the record at `at`; gives where the next one is. */
  give(cells: Float64Array, at: number): number {
    const { names, hasRank, hasStep, hasEpoch } = this.#kind;
    const rank = hasRank ? (cells[at + rankAt] ?? noRank) : this.#ownRank;
    const receivers = this.#ranks[rank + 1] ?? this.#receivers(rank);
    const line = cells[at + lineAt] ?? 0;
    const step = hasStep ? (cells[at + stepAt] ?? null) : null;
    const epoch = hasEpoch ? (cells[at + epochAt] ?? null) : null;
    for (let index = 0; index < names.length; index += 1) {
      receivers[index]?.add(cells[at + valuesAt + index] ?? Number.NaN, step, epoch, line);
    }
    return at + valuesAt + names.length;
  }

  #receivers(rank: number): Receivers {
    const receivers = this.#kind.names.map((name) => this.#sink.receiver(name, rank === noRank ? null : rank));
    if (rank < mostRanks) {
      this.#ranks[rank + 1] = receivers;
    }
    return receivers;
  }
}
