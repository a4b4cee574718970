import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import type { Snapshot, SnapshotPiece, StagedCode, StageProgress } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { StagingProgress } from '../../../core/stagingProgress.ts';
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
  const pieces = [...new Map(snapshot.pieces.map((piece) => [piece.sha256, piece])).values()];
  const failed = new AbortController();
  const wanted = AbortSignal.any([signal, failed.signal]);
  const missing = new Set<SnapshotPiece>();
  const [isListed] = await Promise.all([
    bucket.exists(object, signal),
    eachAtOnce(atOnce, pieces, async (piece) => {
      if (!(await bucket.exists(objectOf.piece(piece.sha256), signal))) {
        missing.add(piece);
      }
    }),
  ]);
  const present = pieces.filter((piece) => !missing.has(piece));
  const progress = new StagingProgress(pieces, present, onProgress);
  const folder = new TemporaryFolder();
  const waiting = [...missing];
  const work = async (): Promise<void> => {
    for (let piece = waiting.pop(); piece !== undefined; piece = waiting.pop()) {
      await sendPiece(bucket, piece, { from: snapshot.piecePath(piece), by: await folder.path() }, progress, wanted);
      progress.sent(piece, piece.bytes);
    }
  };
  const workers = Array.from({ length: atOnce }, work);
  try {
    await Promise.all(workers);
    if (!isListed) {
      await bucket.write(object, snapshot.pieces.map(({ sha256 }) => `${sha256}\n`).join(''), null, wanted);
    }
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(workers);
    await folder.remove();
  }
  progress.allSent();
  return { object };
}

/** Where packed pieces lie until they are sent; made when there is one. */
class TemporaryFolder {
  #made: Promise<string> | null = null;

  async path(): Promise<string> {
    this.#made ??= mkdtemp(join(tmpdir(), 'aloft-stage-'));
    try {
      return await this.#made;
    } catch (error) {
      throw unpackable(error);
    }
  }

  async remove(): Promise<void> {
    const path = await this.#made?.catch(() => undefined);
    if (path !== undefined) {
      // The client of Cloud Storage may still read what it was told to give up.
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** `by`: a folder where it may lie on its way. */
async function sendPiece(
  bucket: Bucket,
  piece: SnapshotPiece,
  { from, by }: { readonly from: string; readonly by: string },
  progress: StagingProgress,
  signal: AbortSignal,
): Promise<void> {
  const path = join(by, piece.sha256);
  const bytes = await pack(piece, from, path, signal);
  const toSent = (sent: number): void => progress.sent(piece, (sent * piece.bytes) / bytes);
  await bucket.upload(objectOf.piece(piece.sha256), path, bytes, toSent, signal);
  await rm(path);
}

/** Resolves to how many bytes it has packed. */
async function pack(piece: SnapshotPiece, from: string, to: string, signal: AbortSignal): Promise<number> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const file = createWriteStream(to);
  try {
    await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), hashed, createGzip(), file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw isOf(from, error) ? unreadable(error) : unpackable(error);
  }
  if (hash.digest('hex') !== piece.sha256) {
    throw new ProviderError('invalid', `The snapshot is damaged: ${from} does not hold what it should.`, {
      remedy: 'Submit again to make a new snapshot.',
    });
  }
  return file.bytesWritten;
}

/** Whether it is about that file. */
function isOf(path: string, error: unknown): boolean {
  return error instanceof Error && 'path' in error && error.path === path;
}

function unreadable(error: unknown): ProviderError {
  return new ProviderError('invalid', 'A part of the code that was to be sent cannot be read on this machine.', {
    raw: String(error),
    remedy: 'Submit again to make a new snapshot.',
  });
}

function unpackable(error: unknown): ProviderError {
  return new ProviderError('invalid', 'The code could not be packed on this machine.', {
    raw: String(error),
    remedy: `See that there is room in ${tmpdir()}, and submit again.`,
  });
}
