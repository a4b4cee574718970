import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Snapshot, SnapshotPiece } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';

/** The code of a snapshot as one compressed file on this machine. */
export interface CodeArchive {
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

const compression = { level: 6 };
/** The two empty blocks that end a tar. */
const endOfArchive = Buffer.alloc(1024);
/** Unused archives are kept so long, in ms: a pod that is replaced gets its code from here again. */
const unusedFor = 30 * 86_400_000;
const snapshotFile = /^[0-9a-f]{64}\.tgz$/u;

function archivePath(folder: string, snapshotId: string): string {
  return join(folder, `${snapshotId}.tgz`);
}

/** Makes the archive unless it is there. Throws `invalid` when a piece does not hold what it should. */
export async function makeArchive(folder: string, snapshot: Snapshot, signal: AbortSignal): Promise<CodeArchive> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await findArchive(folder, snapshot.id);
  if (known !== null) {
    return known;
  }
  const path = archivePath(folder, snapshot.id);
  const unfinished = join(folder, `${snapshot.id}.${randomUUID()}.part`);
  try {
    await pipeline(
      archiveBytes(snapshot),
      createGzip(compression),
      createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true }),
      { signal },
    );
    signal.throwIfAborted();
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  await removeUnused(folder);
  return describe(path);
}

/** Whether the archive takes no more than that. Keeps nothing, and reads no more of the code than it takes to know. */
export async function fitsInto(mostBytes: number, snapshot: Snapshot, signal: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  let bytes = 0;
  const count = async (packed: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of packed) {
      bytes += chunk.length;
      if (bytes > mostBytes) {
        enough.abort();
      }
    }
  };
  try {
    const until = AbortSignal.any([signal, enough.signal]);
    await pipeline(archiveBytes(snapshot), createGzip(compression), count, { signal: until });
  } catch (error) {
    signal.throwIfAborted();
    if (!enough.signal.aborted) {
      throw error;
    }
  }
  return bytes <= mostBytes;
}

/** null when this machine does not have it. */
export async function findArchive(folder: string, snapshotId: string): Promise<CodeArchive | null> {
  const path = archivePath(folder, snapshotId);
  const now = new Date();
  try {
    await utimes(path, now, now);
    return await describe(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function describe(path: string): Promise<CodeArchive> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
  }
  return { path, bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

async function* archiveBytes(snapshot: Snapshot): AsyncGenerator<Buffer, void> {
  for (const piece of snapshot.pieces) {
    yield* pieceBytes(piece, snapshot.piecePath(piece));
  }
  yield endOfArchive;
}

async function* pieceBytes(piece: SnapshotPiece, path: string): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== piece.sha256) {
    throw new ProviderError('invalid', `The snapshot is damaged: ${path} does not hold what it should.`, {
      remedy: 'Submit again to make a new snapshot.',
    });
  }
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > unusedFor && (snapshotFile.test(name) || name.endsWith('.part'))) {
      await rm(path, { force: true });
    }
  }
}
