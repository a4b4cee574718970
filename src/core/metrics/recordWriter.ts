import { type PointRecords, recordCells, type RecordKind } from './pointRecords.ts';

/** More are not known again. */
const mostKinds = 8192;
const firstCells = 1 << 10;
const notUsed = -1;

/** A kind as its writer knows it. */
export interface KnownKind extends RecordKind {
  /** Its place among those of the records that are not taken yet; negative when it has none. */
  place: number;
}

/** Collects the points of lines. */
export class RecordWriter {
  #known = new Map<string, KnownKind>();
  #used: KnownKind[] = [];
  #cells = new Float64Array(firstCells);
  #length = 0;

  /** The same object for the same kind, mostly. */
  kind({ names, hasRank, hasStep, hasEpoch, source }: RecordKind): KnownKind {
    const key = JSON.stringify([names, hasRank, hasStep, hasEpoch, source]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#known.size >= mostKinds) {
      this.#known.clear();
    }
    const kind: KnownKind = { names, hasRank, hasStep, hasEpoch, source, place: notUsed };
    this.#known.set(key, kind);
    return kind;
  }

  /** Adds the points of a line. */
  add(
    kind: KnownKind,
    line: number,
    {
      rank,
      step,
      epoch,
    }: { readonly rank: number | null; readonly step: number | null; readonly epoch: number | null },
    values: readonly number[],
  ): void {
    this.#reserve(recordCells.values + values.length);
    this.#cells.set([this.#placeOf(kind), line, rank ?? 0, step ?? 0, epoch ?? 0, ...values], this.#length);
    this.#length += recordCells.values + values.length;
  }

  /** Adds records whose first cell says which of `kinds` they are. */
  addAll(records: Float64Array, kinds: readonly KnownKind[]): void {
    this.#reserve(records.length);
    this.#cells.set(records, this.#length);
    const end = this.#length + records.length;
    for (let at = this.#length; at < end;) {
      const kind = kinds[this.#cells[at] ?? notUsed];
      if (kind === undefined) {
        return;
      }
      this.#cells[at] = kind.place === notUsed ? this.#placeOf(kind) : kind.place;
      at += recordCells.values + kind.names.length;
    }
    this.#length = end;
  }

  /** What was added since it was taken last. */
  take(): PointRecords {
    const kinds = this.#used.map(({ names, hasRank, hasStep, hasEpoch, source }) => ({
      names,
      hasRank,
      hasStep,
      hasEpoch,
      source,
    }));
    const cells = this.#cells.subarray(0, this.#length);
    for (const kind of this.#used) {
      kind.place = notUsed;
    }
    this.#used = [];
    // The next time it will be about as many.
    this.#cells = new Float64Array(Math.max(firstCells, Math.ceil(this.#length * 1.1)));
    this.#length = 0;
    return { kinds, cells };
  }

  #placeOf(kind: KnownKind): number {
    if (kind.place === notUsed) {
      kind.place = this.#used.length;
      this.#used.push(kind);
    }
    return kind.place;
  }

  #reserve(count: number): void {
    if (this.#length + count > this.#cells.length) {
      const more = new Float64Array(2 * (this.#length + count));
      more.set(this.#cells.subarray(0, this.#length));
      this.#cells = more;
    }
  }
}
