import type { SnapshotPiece, StageProgress } from './provider.ts';

/** Adds up what has been sent of the pieces of a snapshot. Never says less than before, and the whole only when told to. */
export class StagingProgress {
  readonly #totalBytes: number;
  readonly #presentBytes: number;
  readonly #tell: (progress: StageProgress) => void;
  readonly #sent = new Map<string, number>();
  #told = 0;

  /** `pieces`: each once. `present`: those of them that need not be sent. */
  constructor(
    pieces: readonly SnapshotPiece[],
    present: readonly SnapshotPiece[],
    tell: (progress: StageProgress) => void,
  ) {
    this.#totalBytes = bytesOf(pieces);
    this.#presentBytes = bytesOf(present);
    this.#tell = tell;
  }

  /** How many of the piece's bytes have gone by now. */
  sent({ sha256, bytes }: SnapshotPiece, sentBytes: number): void {
    this.#sent.set(sha256, Math.min(bytes, Math.max(sentBytes, this.#sent.get(sha256) ?? 0)));
    const sum = [...this.#sent.values()].reduce((all, each) => all + each, this.#presentBytes);
    if (sum > this.#told && sum < this.#totalBytes) {
      this.#told = sum;
      this.#tell({ sentBytes: sum, totalBytes: this.#totalBytes });
    }
  }

  allSent(): void {
    this.#tell({ sentBytes: this.#totalBytes, totalBytes: this.#totalBytes });
  }
}

function bytesOf(pieces: readonly SnapshotPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}
