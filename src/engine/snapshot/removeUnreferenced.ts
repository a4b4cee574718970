import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs, SnapshotId } from '../../core/job.ts';
import { errorCode } from '../fileError.ts';
import { isSnapshotId, SnapshotStore } from './snapshotStore.ts';

export interface Removed {
  readonly snapshots: number;
  readonly pieces: number;
  readonly bytes: number;
}

/**
 * Deletes the snapshots that are not in `keep` and the pieces no remaining snapshot has. Whatever was made or used in the last
 * `graceMs` stays, so that it is safe while another process makes a snapshot; so do all pieces when a record that stays cannot
 * be read.
 */
export async function removeUnreferencedSnapshots(
  storeFolder: string,
  keep: ReadonlySet<SnapshotId>,
  graceMs: number,
  now: EpochMs,
): Promise<Removed> {
  const store = new SnapshotStore(storeFolder);
  const removed = { snapshots: 0, pieces: 0, bytes: 0 };
  const removeOld = async (path: string): Promise<boolean> => {
    try {
      const { mtimeMs, size } = await stat(path);
      if (now - mtimeMs < graceMs) {
        return false;
      }
      await rm(path);
      removed.bytes += size;
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        return false;
      }
      throw error;
    }
  };

  const remaining: SnapshotId[] = [];
  for (const name of await namesIn(store.folder)) {
    const id = name.slice(0, -'.json'.length);
    if (!name.endsWith('.json') || !isSnapshotId(id)) {
      continue;
    }
    if (!keep.has(id) && (await removeOld(store.recordPath(id)))) {
      removed.snapshots += 1;
    } else {
      remaining.push(id);
    }
  }
  for (const name of await namesIn(store.unfinishedFolder)) {
    await removeOld(join(store.unfinishedFolder, name));
  }
  const records = await Promise.all(remaining.map((id) => store.readRecord(id)));
  if (records.includes(null)) {
    return removed;
  }
  const used = new Set(records.flatMap((record) => record?.pieces.map((piece) => piece.sha256) ?? []));
  for (const name of await namesIn(store.piecesFolder)) {
    if (!used.has(name) && (await removeOld(join(store.piecesFolder, name)))) {
      removed.pieces += 1;
    }
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
}
