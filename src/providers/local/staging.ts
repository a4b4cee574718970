import { createHash, randomUUID } from 'node:crypto';
import { copyFile, link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import type { Snapshot, SnapshotPiece, StageProgress } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { scratchFolder, snapshotPath } from './layout.ts';
import { hasCode } from './nodeError.ts';

/** The two empty blocks that end a tar. */
const endOfArchive = Buffer.alloc(1024);

/** How long staged code is kept for a submission that has not come yet. */
const unusedMs = 3_600_000;

/** Puts the whole archive below the root, unless it is there already. */
export async function stageSnapshot(
  root: string,
  snapshot: Snapshot,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<void> {
  const path = snapshotPath(root, snapshot.id);
  const totalBytes = snapshot.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  if (await touch(path)) {
    onProgress({ sentBytes: totalBytes, totalBytes });
    return;
  }
  const temporary = join(scratchFolder(root), `${randomUUID()}.tar`);
  try {
    const archive = await open(temporary, 'wx', 0o600);
    try {
      let sentBytes = 0;
      for (const piece of snapshot.pieces) {
        await appendPiece(archive, piece, snapshot.piecePath(piece), signal);
        sentBytes += piece.bytes;
        onProgress({ sentBytes, totalBytes });
      }
      await archive.write(endOfArchive);
      await archive.datasync();
    } finally {
      await archive.close();
    }
    signal.throwIfAborted();
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function appendPiece(
  archive: FileHandle,
  piece: SnapshotPiece,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    await archive.write(chunk);
  }
  if (hash.digest('hex') !== piece.sha256) {
    throw new ProviderError('invalid', `The snapshot is damaged: ${path} does not hold what it should.`, {
      remedy: 'Submit again to make a new snapshot.',
    });
  }
}

/** False when it is not there. The time says that somebody is about to use it. */
async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) {
        return false;
      }
      throw error;
    },
  );
}

/** A second name for the staged archive, so that it stays as long as any run has one. */
export async function linkSnapshot(root: string, snapshotId: string, to: string): Promise<void> {
  const from = snapshotPath(root, snapshotId);
  try {
    await link(from, to).catch(async (error: unknown) => {
      if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EMLINK', 'EXDEV')) {
        throw error;
      }
      await copyFile(from, to);
    });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new ProviderError('notFound', `The staged code ${from} is gone.`, {
        remedy: 'Submit again.',
        cause: error,
      });
    }
    throw error;
  }
}

/** Removes staged code that no run has a name for, unless somebody may be about to submit it. */
export async function removeUnusedSnapshot(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null);
  if (stats !== null && stats.nlink === 1 && Date.now() - stats.mtimeMs > unusedMs) {
    await rm(path, { force: true });
  }
}
