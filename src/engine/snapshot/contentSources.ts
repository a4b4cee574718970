import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { contentOffset } from './archive.ts';
import type { ContentOf } from './archive.ts';
import { errorCode } from '../fileError.ts';
import type { ManifestFile } from './manifest.ts';
import { readRange, TreeChanged } from './readSettled.ts';
import type { RecordedPiece, SnapshotRecord, SnapshotStore } from './snapshotStore.ts';

const keptBytes = 32 * 1024 * 1024;

/** Content that was just read and is needed once more, up to a bound. */
export class KeptContent {
  readonly #bySha256 = new Map<string, Uint8Array>();
  #bytes = 0;

  readonly keep = (sha256: string, content: Uint8Array): void => {
    if (this.#bytes + content.length <= keptBytes && !this.#bySha256.has(sha256)) {
      this.#bySha256.set(sha256, content);
      this.#bytes += content.length;
    }
  };

  get(sha256: string): Uint8Array | undefined {
    return this.#bySha256.get(sha256);
  }
}

interface Place {
  readonly piece: RecordedPiece;
  readonly offset: number;
}

/**
 * Where contents are taken from: memory, else the last snapshot's pieces, else the folder itself. A file of the folder that is
 * no longer what the manifest says makes it throw TreeChanged.
 */
export function contentSources(
  root: string,
  kept: KeptContent,
  last: SnapshotRecord | null,
  store: SnapshotStore,
): ContentOf {
  let places: ReadonlyMap<string, () => Place> | null = null;
  return (file) => {
    const inMemory = kept.get(file.sha256);
    if (inMemory !== undefined) {
      return [inMemory];
    }
    places ??= last === null ? new Map() : placesIn(last);
    const place = places.get(file.sha256)?.();
    return (
      (place === undefined ? null : fromPiece(store.piecePath(place.piece), place.offset, file)) ??
      fromFolder(root, file)
    );
  };
}

function placesIn(record: SnapshotRecord): Map<string, () => Place> {
  const places = new Map<string, () => Place>();
  let first = 0;
  for (const piece of record.pieces) {
    const entries = record.entries.slice(first, first + piece.entries);
    for (const [index, entry] of entries.entries()) {
      if (entry.kind === 'file') {
        places.set(entry.sha256, () => ({ piece, offset: contentOffset(entries, index) }));
      }
    }
    first += piece.entries;
  }
  return places;
}

/** null when the piece is gone or damaged there. */
function fromPiece(path: string, offset: number, file: ManifestFile): Iterable<Uint8Array> | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
  try {
    const digest = createHash('sha256');
    for (const chunk of readRange(fd, offset, file.size)) {
      digest.update(chunk);
    }
    if (digest.digest('hex') !== file.sha256) {
      return null;
    }
  } finally {
    closeSync(fd);
  }
  return opened(path, 'r', (again) => readRange(again, offset, file.size));
}

function* fromFolder(root: string, file: ManifestFile): Iterable<Uint8Array> {
  const digest = createHash('sha256');
  try {
    const path = join(root, file.path);
    for (const chunk of opened(path, constants.O_RDONLY | constants.O_NOFOLLOW, (fd) =>
      readRange(fd, 0, file.size + 1),
    )) {
      digest.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw errorCode(error) === 'ENOENT' || errorCode(error) === 'ELOOP' ? new TreeChanged(file.path) : error;
  }
  if (digest.digest('hex') !== file.sha256) {
    throw new TreeChanged(file.path);
  }
}

function* opened(
  path: string,
  flags: string | number,
  read: (fd: number) => Iterable<Uint8Array>,
): Iterable<Uint8Array> {
  const fd = openSync(path, flags);
  try {
    yield* read(fd);
  } finally {
    closeSync(fd);
  }
}

/** The content of one file of a snapshot that is in the store, or null when its piece is gone or damaged. */
export function contentInStore(store: SnapshotStore, record: SnapshotRecord, file: ManifestFile): Uint8Array | null {
  const place = placesIn(record).get(file.sha256)?.();
  const chunks = place === undefined ? null : fromPiece(store.piecePath(place.piece), place.offset, file);
  return chunks === null ? null : Buffer.concat([...chunks]);
}
