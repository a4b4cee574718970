import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { ProviderError } from '../../core/providerError.ts';
import type { Pace } from './pace.ts';
import { ownPieceBytes } from './planPieces.ts';

/** What tells that a file is still the one that was read. Times in ms since the epoch, with the fraction the system gives. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

export interface SettledFile {
  readonly stamp: FileStamp;
  readonly executable: boolean;
  readonly sha256: string;
  /** The bytes, of a file smaller than a piece of its own. */
  readonly content: Uint8Array | null;
  /** A later change would surely show in the stamp. */
  readonly isOld: boolean;
}

/** The tree was changed under the walk in a way that only a new walk can follow. */
export class TreeChanged extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} changed while it was read`);
    this.path = path;
  }
}

const chunkBytes = 256 * 1024;
const attempts = 7;
const firstPauseMs = 15;
/** Clocks of file systems tick as slowly as every 10 ms: two writes within one tick leave the same stamp. */
const tickMs = 20;
/** Some tick every two seconds; what is remembered for long must hold there as well. */
const slowTickMs = 2000;

export function stampOf(stats: Stats): FileStamp {
  return { size: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, ino: stats.ino };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}

// Never through a link that took the file's place, never waiting for the other end of a pipe. Windows has neither flag (undefined counts as 0).
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a file at a moment when nothing writes to it, trying a few times for about two seconds. Rejects with
 * `conflict` when it never holds still, with TreeChanged when it is no longer a plain file, and with the system's own error
 * when it cannot be opened.
 */
export async function readSettled(absolute: string, path: string, pace: Pace): Promise<SettledFile> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const file = await readOnce(absolute, path, pace);
    if (file !== null) {
      return file;
    }
    await pace.sleep(firstPauseMs * 2 ** attempt);
  }
  throw neverStill(path);
}

/** The error for the person: somebody writes to that file all the time. */
export function neverStill(path: string): ProviderError {
  return new ProviderError('conflict', `${path} kept changing while it was read.`, {
    remedy: 'Stop the program that writes it, or name it in an .aloftignore file.',
  });
}

async function readOnce(absolute: string, path: string, pace: Pace): Promise<SettledFile | null> {
  const fd = openSync(absolute, openFlags);
  try {
    const before = fstatSync(fd);
    if (!before.isFile()) {
      throw new TreeChanged(path);
    }
    const read = before.size < ownPieceBytes ? readSmall(fd, before.size) : await hashLarge(fd, pace);
    const after = fstatSync(fd);
    const now = Date.now();
    const settled =
      read.size === before.size && sameStamp(stampOf(before), stampOf(after)) && Math.abs(now - after.ctimeMs) > tickMs;
    return settled
      ? {
          stamp: stampOf(after),
          executable: (after.mode & 0o100) !== 0,
          sha256: read.sha256,
          content: read.content,
          isOld: now - after.ctimeMs > slowTickMs && Math.abs(now - after.mtimeMs) > slowTickMs,
        }
      : null;
  } finally {
    closeSync(fd);
  }
}

interface ReadBytes {
  readonly size: number;
  readonly sha256: string;
  readonly content: Uint8Array | null;
}

function readSmall(fd: number, size: number): ReadBytes {
  // One byte more than there should be, to notice that there is more.
  const buffer = Buffer.allocUnsafe(size + 1);
  let filled = 0;
  for (let read = -1; read !== 0 && filled < buffer.length; filled += read) {
    read = readSync(fd, buffer, filled, buffer.length - filled, null);
  }
  const content = buffer.subarray(0, filled);
  return { size: filled, sha256: hash('sha256', content), content };
}

async function hashLarge(fd: number, pace: Pace): Promise<ReadBytes> {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let size = 0;
  for (let read = -1; read !== 0; size += read) {
    read = readSync(fd, buffer, 0, buffer.length, null);
    digest.update(buffer.subarray(0, read));
    if (pace.isSpent) {
      await pace.rest();
    }
  }
  return { size, sha256: digest.digest('hex'), content: null };
}

/** Content of an open file from `offset` on, `size` bytes in chunks; ends early where the file does. */
export function* readRange(fd: number, offset: number, size: number): Iterable<Uint8Array> {
  for (let done = 0; done < size;) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size - done));
    const read = readSync(fd, chunk, 0, chunk.length, offset + done);
    if (read === 0) {
      return;
    }
    done += read;
    yield chunk.subarray(0, read);
  }
}
