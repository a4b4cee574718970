import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { array, length, literal, nonnegative, int, object, regex, string, tuple, union } from 'zod/mini';
import type { SnapshotId } from '../../core/job.ts';
import type { Snapshot, SnapshotPiece } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { errorCode } from '../fileError.ts';
import { contentBytes, fromTuple, snapshotIdOf, toTuple } from './manifest.ts';
import type { ManifestEntry } from './manifest.ts';

/** A piece and how many of the manifest's entries it holds; the last piece ends the archive and holds none. */
export interface RecordedPiece extends SnapshotPiece {
  readonly entries: number;
}

/** What `<id>.json` says. */
export interface SnapshotRecord {
  readonly id: SnapshotId;
  /** In order of path. */
  readonly entries: readonly ManifestEntry[];
  readonly pieces: readonly RecordedPiece[];
}

const sha256Pattern = /^[0-9a-f]{64}$/u;
// The id covers the entries, so their digests need no check of their own.
const hexDigest = string().check(length(64), regex(sha256Pattern));
const count = int().check(nonnegative());
const recordSchema = object({
  version: literal(1),
  pieces: array(object({ sha256: hexDigest, bytes: count, entries: count })),
  entries: array(
    union([tuple([literal(['f', 'x']), string(), count, string()]), tuple([literal('l'), string(), string()])]),
  ),
});

export function isSnapshotId(text: string): text is SnapshotId {
  return sha256Pattern.test(text);
}

/** The files of all snapshots below one folder: `<id>.json` each, and `pieces/<sha256>` shared by them. */
export class SnapshotStore {
  readonly folder: string;
  readonly #pieces: string;
  readonly #unfinished: string;

  constructor(storeFolder: string) {
    this.folder = join(storeFolder, 'snapshots');
    this.#pieces = join(this.folder, 'pieces');
    this.#unfinished = join(this.folder, 'unfinished');
  }

  get piecesFolder(): string {
    return this.#pieces;
  }

  get unfinishedFolder(): string {
    return this.#unfinished;
  }

  prepare(): void {
    mkdirSync(this.#pieces, { recursive: true, mode: 0o700 });
    mkdirSync(this.#unfinished, { recursive: true, mode: 0o700 });
  }

  piecePath(piece: SnapshotPiece): string {
    return join(this.#pieces, piece.sha256);
  }

  recordPath(id: SnapshotId): string {
    return join(this.folder, `${id}.json`);
  }

  /** A path for a file that is being written; it becomes visible only through `finish`. */
  newUnfinishedPath(): string {
    return join(this.#unfinished, `${process.pid}-${randomUUID()}`);
  }

  finishPiece(unfinished: string, piece: SnapshotPiece): void {
    if (this.hasPiece(piece)) {
      rmSync(unfinished, { force: true });
    } else {
      renameSync(unfinished, this.piecePath(piece));
    }
  }

  /** Whether the whole piece is here; one that is was used just now as far as removal is concerned. */
  hasPiece(piece: SnapshotPiece): boolean {
    return this.#use(this.piecePath(piece)) === piece.bytes;
  }

  /** Marks the file as used now. Its size in bytes, or null when it is not there. */
  #use(path: string): number | null {
    const now = new Date();
    try {
      utimesSync(path, now, now);
      return statSync(path).size;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        return null;
      }
      throw error;
    }
  }

  /** Whether the record and all its pieces are here; what is was used just now as far as removal is concerned. */
  hasWhole(record: SnapshotRecord): boolean {
    return this.#use(this.recordPath(record.id)) !== null && record.pieces.every((piece) => this.hasPiece(piece));
  }

  writeRecord(record: SnapshotRecord): void {
    const path = this.newUnfinishedPath();
    const text = JSON.stringify({ version: 1, pieces: record.pieces, entries: record.entries.map(toTuple) });
    try {
      writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
      renameSync(path, this.recordPath(record.id));
    } finally {
      rmSync(path, { force: true });
    }
  }

  /** null when there is none, or when what is there is not what was written. */
  async readRecord(id: SnapshotId): Promise<SnapshotRecord | null> {
    let text: string;
    try {
      text = await readFile(this.recordPath(id), 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        return null;
      }
      throw error;
    }
    return parseRecord(id, text);
  }

  asSnapshot(record: SnapshotRecord): Snapshot {
    return {
      id: record.id,
      files: record.entries.length,
      bytes: contentBytes(record.entries),
      pieces: record.pieces.map(({ sha256, bytes }) => ({ sha256, bytes })),
      piecePath: (piece) => this.piecePath(piece),
    };
  }
}

/** In steps with the event loop in between: each takes some ms for ten thousand files. */
async function parseRecord(id: SnapshotId, text: string): Promise<SnapshotRecord | null> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  await nextTurn();
  const parsed = recordSchema.safeParse(json);
  if (!parsed.success) {
    return null;
  }
  await nextTurn();
  const entries = parsed.data.entries.map(fromTuple);
  const { pieces } = parsed.data;
  const held = pieces.reduce((sum, piece) => sum + piece.entries, 0);
  return held === entries.length && snapshotIdOf(entries) === id ? { id, entries, pieces } : null;
}

/** The snapshot and its manifest, in order of path. Rejects with `notFound`. */
export async function openSnapshot(
  storeFolder: string,
  id: SnapshotId,
): Promise<Snapshot & { readonly manifest: readonly ManifestEntry[] }> {
  const store = new SnapshotStore(storeFolder);
  const record = await store.readRecord(id);
  if (record === null) {
    throw new ProviderError('notFound', `The snapshot ${id.slice(0, 12)} is not on this machine.`, {
      remedy: 'Submit the folder again to make a new one.',
    });
  }
  return { ...store.asSnapshot(record), manifest: record.entries };
}
