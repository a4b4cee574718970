import { join } from 'node:path';
import { errorCode, plainReason } from '../fileError.ts';
import { byPath } from './manifest.ts';
import type { ManifestEntry } from './manifest.ts';
import type { Pace } from './pace.ts';
import type { HeldBack, Refused, SkippedFolder } from './preview.ts';
import { readSettled, TreeChanged } from './readSettled.ts';
import type { ScanCache } from './scanCache.ts';
import { secretByContent, secretByName } from './secrets.ts';
import { walkTree } from './walkTree.ts';
import type { FoundFile } from './walkTree.ts';

export interface CollectOptions {
  /** Absolute, links resolved. */
  readonly root: string;
  /** Paths of files, or of folders with all below them, that go although they would be held back. */
  readonly include: readonly string[];
  readonly maxFileBytes: number;
}

/** What goes, and what does not and why. */
export interface CollectedTree {
  /** In order of path. */
  readonly entries: readonly ManifestEntry[];
  readonly heldBack: readonly HeldBack[];
  readonly skipped: readonly SkippedFolder[];
  readonly ignoredFiles: number;
  readonly refused: readonly Refused[];
}

export type CollectProgress = (phase: 'scan' | 'read', files: number) => void;

/** Told of the content of small files as they are read, by SHA-256. */
export type OnContent = (sha256: string, content: Uint8Array) => void;

const rewriteMs = 30;

/** Walks the folder and learns the SHA-256 of every file that goes, reading only those the cache does not know. */
export async function collectTree(
  options: CollectOptions,
  cache: ScanCache,
  pace: Pace,
  onProgress: CollectProgress,
  onContent: OnContent,
): Promise<CollectedTree> {
  const { root } = options;
  const tree = await walkTree(root, pace, (files) => {
    onProgress('scan', files);
  });
  const entries: ManifestEntry[] = [...tree.links];
  const { heldBack, refused } = tree;

  /** False when the file is gone. */
  const take = async (file: FoundFile): Promise<boolean> => {
    const { path } = file;
    const isIncluded = isBelow(options.include, path);
    const suspicion = isIncluded ? null : suspectUnread(file, options.maxFileBytes);
    if (suspicion !== null) {
      heldBack.push(suspicion);
      return true;
    }
    try {
      const { secret, ...entry } = await inspect(file, root, cache, pace, onContent);
      if (secret !== null && !isIncluded) {
        heldBack.push({ path, bytes: entry.size, kind: 'secret', reason: secret });
      } else {
        entries.push(entry);
      }
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') {
        return false;
      }
      if (code === 'ELOOP' || code === 'ENXIO' || code === 'EISDIR' || code === 'ENOTDIR') {
        throw new TreeChanged(path);
      }
      if (code === undefined) {
        throw error;
      }
      refused.push({ path, reason: plainReason(error) });
      return true;
    }
  };

  const gone: FoundFile[] = [];
  for (const [index, file] of tree.files.entries()) {
    if (!(await take(file))) {
      gone.push(file);
    }
    if (pace.isSpent) {
      onProgress('read', index);
      await pace.rest();
    }
  }
  if (gone.length > 0) {
    // Some programs save a file by deleting it and writing it anew.
    await pace.sleep(rewriteMs);
    for (const file of gone) {
      await take(file);
    }
  }
  return {
    entries: entries.toSorted(byPath),
    heldBack: heldBack.toSorted(byPath),
    skipped: tree.skipped.toSorted(byPath),
    ignoredFiles: tree.ignoredFiles,
    refused: refused.toSorted(byPath),
  };
}

function isBelow(include: readonly string[], path: string): boolean {
  return include.some((chosen) => path === chosen || path.startsWith(`${chosen}/`));
}

function suspectUnread({ path, stamp }: FoundFile, maxFileBytes: number): HeldBack | null {
  const secret = secretByName(path);
  if (secret !== null) {
    return { path, bytes: stamp.size, kind: 'secret', reason: secret };
  }
  return stamp.size > maxFileBytes
    ? { path, bytes: stamp.size, kind: 'large', reason: `larger than ${Math.round(maxFileBytes / 1e6)} MB` }
    : null;
}

async function inspect(file: FoundFile, root: string, cache: ScanCache, pace: Pace, onContent: OnContent) {
  const { path } = file;
  const known = cache.find(path, file.stamp);
  if (known !== null) {
    const { sha256, secret } = known;
    return { kind: 'file' as const, path, executable: file.executable, size: file.stamp.size, sha256, secret };
  }
  const { stamp, executable, sha256, content, isOld } = await readSettled(join(root, path), path, pace);
  const secret = content === null ? null : secretByContent(content);
  if (isOld) {
    cache.remember(path, { stamp, sha256, secret });
  }
  if (content !== null) {
    onContent(sha256, content);
  }
  return { kind: 'file' as const, path, executable, size: stamp.size, sha256, secret };
}
