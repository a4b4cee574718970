import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Snapshot, SnapshotPiece, StagedCode, StageProgress } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { Bucket } from '../client/bucket.ts';
import { objectOf } from '../paths.ts';

/** Pieces that are looked for or sent at a time. */
const atOnce = 16;

/**
 * Puts the pieces of a snapshot into the bucket that are not there, then the list of them, which alone makes them code: what was sent
 * half is never taken for whole. Pieces are looked for though the list is there: a rule of the bucket may have deleted them since.
 */
export async function stageCode(
  bucket: Bucket,
  snapshot: Snapshot,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<StagedCode> {
  const object = objectOf.code(snapshot.id);
  const totalBytes = snapshot.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = new Progress(totalBytes, onProgress);
  const waiting = [...new Map(snapshot.pieces.map((piece) => [piece.sha256, piece])).values()];
  progress.done(totalBytes - waiting.reduce((sum, { bytes }) => sum + bytes, 0));
  const failed = new AbortController();
  const wanted = AbortSignal.any([signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let piece = waiting.pop(); piece !== undefined; piece = waiting.pop()) {
      await stagePiece(bucket, piece, snapshot.piecePath(piece), progress, wanted);
    }
  };
  try {
    const [isListed] = await Promise.all([bucket.exists(object, wanted), ...Array.from({ length: atOnce }, work)]);
    if (!isListed) {
      await bucket.write(object, snapshot.pieces.map(({ sha256 }) => `${sha256}\n`).join(''), null, wanted);
    }
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  onProgress({ sentBytes: totalBytes, totalBytes });
  return { object };
}

async function stagePiece(
  bucket: Bucket,
  piece: SnapshotPiece,
  path: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const object = objectOf.piece(piece.sha256);
  if (!(await bucket.exists(object, signal))) {
    if ((await sha256Of(path, signal)) !== piece.sha256) {
      throw new ProviderError('invalid', `The snapshot is damaged: ${path} does not hold what it should.`, {
        remedy: 'Submit again to make a new snapshot.',
      });
    }
    await bucket.upload(object, path, piece.bytes, progress.within(), signal);
  }
  progress.done(piece.bytes);
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Adds up what is done and what of the rest is on its way; never goes back. */
class Progress {
  readonly #totalBytes: number;
  readonly #report: (progress: StageProgress) => void;
  #doneBytes = 0;
  #reportedBytes = 0;

  constructor(totalBytes: number, report: (progress: StageProgress) => void) {
    this.#totalBytes = totalBytes;
    this.#report = report;
  }

  done(bytes: number): void {
    this.#doneBytes += bytes;
    this.#tell(this.#doneBytes);
  }

  /** For one piece that is being sent. */
  within(): (bytes: number) => void {
    return (bytes) => this.#tell(this.#doneBytes + bytes);
  }

  #tell(bytes: number): void {
    const sentBytes = Math.min(bytes, this.#totalBytes);
    if (sentBytes > this.#reportedBytes) {
      this.#reportedBytes = sentBytes;
      this.#report({ sentBytes, totalBytes: this.#totalBytes });
    }
  }
}
