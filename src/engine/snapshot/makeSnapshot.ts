import { realpathSync, statSync } from 'node:fs';
import type { Snapshot, SnapshotPiece } from '../../core/provider.ts';
import { isProviderError, ProviderError } from '../../core/providerError.ts';
import { endPiece, writePiece } from './archive.ts';
import { collectTree } from './collectTree.ts';
import type { CollectedTree } from './collectTree.ts';
import { contentSources, KeptContent } from './contentSources.ts';
import { errorCode, explainFullDisk, plainReason } from '../fileError.ts';
import { contentBytes, sameEntry, snapshotIdOf } from './manifest.ts';
import type { ManifestEntry } from './manifest.ts';
import { Pace } from './pace.ts';
import { planPieces } from './planPieces.ts';
import type { Refused, SnapshotPreview } from './preview.ts';
import { neverStill, TreeChanged } from './readSettled.ts';
import { ScanCache } from './scanCache.ts';
import { SnapshotStore } from './snapshotStore.ts';
import type { RecordedPiece, SnapshotRecord } from './snapshotStore.ts';

export interface SnapshotOptions {
  /** Snapshots are kept in its folder `snapshots`, shared by all source folders. */
  readonly storeFolder: string;
  /** What is remembered of source folders; may be deleted at any time. */
  readonly cacheFolder: string;
  /** Held-back files that go all the same: paths relative to the source folder; one of a folder includes all below it. */
  readonly include?: readonly string[];
  /** Larger files are held back. Default 50 MB. */
  readonly maxFileBytes?: number;
}

export interface SnapshotProgress {
  readonly phase: 'scan' | 'read' | 'write';
  /** Files found, read or written so far in this phase. */
  readonly files: number;
}

export type OnSnapshotProgress = (progress: SnapshotProgress) => void;

const defaultMaxFileBytes = 50_000_000;
const attempts = 6;
const firstPauseMs = 50;

/** What a snapshot of the folder would hold, and what not and why, without making one. Rejects with `invalid` or `conflict`. */
export function scan(
  folder: string,
  options: SnapshotOptions,
  signal: AbortSignal,
  onProgress: OnSnapshotProgress,
): Promise<SnapshotPreview> {
  return overTree(folder, options, signal, onProgress, async ({ root, tree, cache, store, pace }) => {
    const last = await lastRecord(cache, store);
    await pace.rest();
    cache.save();
    return previewOf(root, tree, last);
  });
}

/**
 * Makes the snapshot of the folder as it is now, or finds that there is one already. Rejects with `invalid` when something in
 * the folder cannot go (every such path is named), with `conflict` when a file would not hold still.
 */
export function makeSnapshot(
  folder: string,
  options: SnapshotOptions,
  signal: AbortSignal,
  onProgress: OnSnapshotProgress,
): Promise<{ snapshot: Snapshot; preview: SnapshotPreview }> {
  return overTree(folder, options, signal, onProgress, async ({ root, tree, cache, store, kept, pace }) => {
    if (tree.refused.length > 0) {
      throw refusal(root, tree.refused);
    }
    const last = await lastRecord(cache, store);
    await pace.rest();
    const id = snapshotIdOf(tree.entries);
    let record = last?.id === id ? last : await store.readRecord(id);
    if (record !== null && !store.hasWhole(record)) {
      record = null;
    }
    for (let attempt = 1; record === null; attempt += 1) {
      store.prepare();
      const contentOf = contentSources(root, kept, last, store);
      const write = (run: readonly ManifestEntry[]): Promise<SnapshotPiece> => writePiece(store, run, contentOf, pace);
      const pieces = await writePieces(tree.entries, last, store, write, onProgress);
      const written = { id, entries: tree.entries, pieces };
      store.writeRecord(written);
      await pace.rest();
      if (store.hasWhole(written)) {
        record = written;
      } else if (attempt === attempts) {
        throw new ProviderError('transient', `Pieces of the snapshot keep disappearing from ${store.folder}.`);
      }
    }
    await pace.rest();
    const preview = previewOf(root, tree, last);
    cache.last = id;
    await pace.rest();
    cache.save();
    return { snapshot: store.asSnapshot(record), preview };
  });
}

async function lastRecord(cache: ScanCache, store: SnapshotStore): Promise<SnapshotRecord | null> {
  return cache.last === null ? null : store.readRecord(cache.last);
}

interface TreeAtHand {
  readonly root: string;
  readonly tree: CollectedTree;
  readonly cache: ScanCache;
  readonly store: SnapshotStore;
  readonly kept: KeptContent;
  readonly pace: Pace;
}

/** Collects the tree and works on it, again from the start when the tree changed meanwhile. */
async function overTree<Result>(
  folder: string,
  options: SnapshotOptions,
  signal: AbortSignal,
  onProgress: OnSnapshotProgress,
  work: (atHand: TreeAtHand) => Promise<Result>,
): Promise<Result> {
  const pace = new Pace(signal);
  signal.throwIfAborted();
  const root = resolveFolder(folder);
  const store = new SnapshotStore(options.storeFolder);
  const cache = ScanCache.open(options.cacheFolder, root);
  const include = options.include ?? [];
  const maxFileBytes = options.maxFileBytes ?? defaultMaxFileBytes;
  for (let attempt = 1; ; attempt += 1) {
    const kept = new KeptContent();
    try {
      const tree = await collectTree(
        { root, include, maxFileBytes },
        cache,
        pace,
        (phase, files) => {
          onProgress({ phase, files });
        },
        kept.keep,
      );
      return await work({ root, tree, cache, store, kept, pace });
    } catch (error) {
      if (!(error instanceof TreeChanged)) {
        throw asClearError(error, root, store, signal);
      }
      if (attempt === attempts) {
        throw neverStill(error.path);
      }
    }
    await pace.sleep(firstPauseMs * attempt);
  }
}

function resolveFolder(folder: string): string {
  try {
    const root = realpathSync(folder);
    if (statSync(root).isDirectory()) {
      return root;
    }
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'it does not exist' : plainReason(error);
    throw new ProviderError('invalid', `The folder ${folder} cannot be read: ${reason}.`, { cause: error });
  }
  throw new ProviderError('invalid', `${folder} is not a folder.`);
}

async function writePieces(
  entries: readonly ManifestEntry[],
  last: SnapshotRecord | null,
  store: SnapshotStore,
  write: (run: readonly ManifestEntry[]) => Promise<SnapshotPiece>,
  onProgress: OnSnapshotProgress,
): Promise<RecordedPiece[]> {
  const known = piecesByFirstPath(last);
  const pieces: RecordedPiece[] = [];
  let files = 0;
  for (const run of planPieces(entries)) {
    const old = known.get(run[0]?.path ?? '');
    const isSame =
      old?.entries.length === run.length && run.every((entry, index) => sameEntry(entry, old.entries[index]));
    pieces.push(isSame && store.hasPiece(old.piece) ? old.piece : { ...(await write(run)), entries: run.length });
    files += run.length;
    onProgress({ phase: 'write', files });
  }
  const end = endPiece();
  pieces.push({ ...(store.hasPiece(end) ? end : await write([])), entries: 0 });
  return pieces;
}

interface OldRun {
  readonly piece: RecordedPiece;
  readonly entries: readonly ManifestEntry[];
}

function piecesByFirstPath(record: SnapshotRecord | null): Map<string, OldRun> {
  const runs = new Map<string, OldRun>();
  let first = 0;
  for (const piece of record?.pieces ?? []) {
    const entries = record?.entries.slice(first, first + piece.entries) ?? [];
    if (entries[0] !== undefined) {
      runs.set(entries[0].path, { piece, entries });
    }
    first += piece.entries;
  }
  return runs;
}

function previewOf(root: string, tree: CollectedTree, last: SnapshotRecord | null): SnapshotPreview {
  const known = new Set(last?.entries.map((entry) => (entry.kind === 'file' ? entry.sha256 : null)));
  const fresh = tree.entries.filter((entry) => entry.kind === 'file' && !known.has(entry.sha256));
  return {
    folder: root,
    files: tree.entries.map((entry) => ({
      path: entry.path,
      kind: entry.kind,
      bytes: entry.kind === 'file' ? entry.size : 0,
    })),
    bytes: contentBytes(tree.entries),
    newBytes: contentBytes(fresh),
    heldBack: tree.heldBack,
    skipped: tree.skipped,
    ignoredFiles: tree.ignoredFiles,
    refused: tree.refused,
  };
}

/** The error of a folder that cannot go as it is: names what is in the way and what to do. */
export function refusal(root: string, refused: readonly Refused[]): ProviderError {
  const shown = refused.slice(0, 5).map(({ path, reason }) => `${path}: ${reason}`);
  const more = refused.length > shown.length ? `, and ${refused.length - shown.length} more` : '';
  return new ProviderError('invalid', `Not everything in ${root} can go with the job. ${shown.join('; ')}${more}.`, {
    remedy: 'Change what is named, or name it in an .aloftignore file to leave it out.',
  });
}

function asClearError(error: unknown, root: string, store: SnapshotStore, signal: AbortSignal): unknown {
  const code = errorCode(error);
  if (isProviderError(error) || signal.aborted || code === undefined) {
    return error;
  }
  const explained = explainFullDisk(error, store.folder);
  return explained === error
    ? new ProviderError('invalid', `The snapshot of ${root} could not be made: ${plainReason(error)}.`, {
        cause: error,
      })
    : explained;
}
