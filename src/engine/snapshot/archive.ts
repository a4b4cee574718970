import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { SnapshotPiece } from '../../core/provider.ts';
import type { ManifestEntry, ManifestFile } from './manifest.ts';
import type { SnapshotStore } from './snapshotStore.ts';
import { archiveEnd, entryHeader, padding } from './tarHeader.ts';
import type { Pace } from './pace.ts';

/** Hands out a file's content in chunks. It checks what it hands out: all of it is exactly what the manifest says. */
export type ContentOf = (file: ManifestFile) => Iterable<Uint8Array>;

const flushBytes = 1024 * 1024;

/** Writes the piece that holds these entries, unless the store has it. */
export async function writePiece(
  store: SnapshotStore,
  entries: readonly ManifestEntry[],
  contentOf: ContentOf,
  pace: Pace,
): Promise<SnapshotPiece> {
  const path = store.newUnfinishedPath();
  const digest = createHash('sha256');
  let bytes = 0;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const fd = openSync(path, 'wx', 0o600);
  const flush = (): void => {
    const joined = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    digest.update(joined);
    for (let written = 0; written < joined.length;) {
      written += writeSync(fd, joined, written);
    }
    bytes += joined.length;
  };
  try {
    try {
      for (const chunk of archived(entries, contentOf)) {
        waiting.push(chunk);
        waitingBytes += chunk.length;
        if (waitingBytes >= flushBytes) {
          flush();
        }
        if (pace.isSpent) {
          await pace.rest();
        }
      }
      flush();
    } finally {
      closeSync(fd);
    }
    const piece = { sha256: digest.digest('hex'), bytes };
    store.finishPiece(path, piece);
    return piece;
  } finally {
    rmSync(path, { force: true });
  }
}

/** The piece every archive ends with. */
export function endPiece(): SnapshotPiece {
  return { sha256: hash('sha256', archiveEnd), bytes: archiveEnd.length };
}

function* archived(entries: readonly ManifestEntry[], contentOf: ContentOf): Iterable<Uint8Array> {
  if (entries.length === 0) {
    yield archiveEnd;
  }
  for (const entry of entries) {
    yield entryHeader(entry);
    if (entry.kind === 'file') {
      yield* contentOf(entry);
      yield padding(entry.size);
    }
  }
}

/** Where in its piece the content of the entry at `index` begins, in bytes. */
export function contentOffset(pieceEntries: readonly ManifestEntry[], index: number): number {
  return pieceEntries.slice(0, index + 1).reduce((offset, entry, position) => {
    const content = position < index && entry.kind === 'file' ? entry.size + padding(entry.size).length : 0;
    return offset + entryHeader(entry).length + content;
  }, 0);
}
