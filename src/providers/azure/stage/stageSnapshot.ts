import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Snapshot, SnapshotPiece, StagedCode, StageProgress } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { StagingProgress } from '../../../core/stagingProgress.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import type { DefaultStore } from '../client/workspace.ts';
import { stored } from '../names.ts';
import { piecesAmong } from './piecesAmong.ts';

const compress = promisify(gzip);

/** Requests for blobs under way at a time. */
const atOnce = 16;

/**
 * Puts the pieces of a snapshot that are not there into the datastore, and the list of all of them last. What is there is looked at each
 * time: a rule of the storage account, or a person, may have deleted some since. Rejects with `invalid` when a piece is not what its
 * name says, or is needed and gone from this machine.
 */
export async function stageSnapshot(
  { name, container }: DefaultStore,
  snapshot: Snapshot,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<StagedCode> {
  const pieces = [...new Map(snapshot.pieces.map((piece) => [piece.sha256, piece])).values()];
  const list = stored.codeList(snapshot.id);
  const [isListed, present] = await Promise.all([
    container.has(list, signal),
    piecesAmong(
      container,
      pieces.map(({ sha256 }) => sha256),
      signal,
    ),
  ]);
  const missing = pieces.filter(({ sha256 }) => !present.has(sha256));
  const progress = new StagingProgress(
    pieces,
    pieces.filter(({ sha256 }) => present.has(sha256)),
    onProgress,
  );
  await eachAtOnce(atOnce, missing, async (piece) => {
    const packed = await compress(await read(snapshot, piece));
    await container.create(stored.piece(piece.sha256), packed, signal, (sent) => {
      progress.sent(piece, (sent * piece.bytes) / packed.length);
    });
    progress.sent(piece, piece.bytes);
  });
  if (!isListed) {
    const text = snapshot.pieces.map(({ sha256 }) => `${sha256}\n`).join('');
    await container.create(list, Buffer.from(text), signal);
  }
  progress.allSent();
  return { datastore: name, list };
}

async function read(snapshot: Snapshot, piece: SnapshotPiece): Promise<Uint8Array> {
  const bytes = await readFile(snapshot.piecePath(piece)).catch((error: unknown) => {
    throw new ProviderError('invalid', 'A part of the snapshot of the code cannot be read on this machine.', {
      raw: error instanceof Error ? error.message : String(error),
      remedy: 'Submit again.',
      cause: error,
    });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== piece.sha256) {
    throw new ProviderError('invalid', 'The snapshot of the code is damaged on this machine.', {
      raw: `${snapshot.piecePath(piece)} is not ${piece.sha256}`,
      remedy: 'Submit again.',
    });
  }
  return bytes;
}
