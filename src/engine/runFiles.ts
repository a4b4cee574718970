import { realpath } from 'node:fs/promises';

import type { SnapshotId } from '../core/job.ts';
import { readSnapshotFile } from './snapshot/readSnapshotFile.ts';
import { openSnapshot } from './snapshot/snapshotStore.ts';

/** The code that a run was made of, as it was then. */
export interface RunFiles {
  /** Relative to the source folder, `/` between parts. Links are not among them. */
  readonly paths: ReadonlySet<string>;
  /** Absolute folders that the code lay in where it ran, as far as they are known. */
  readonly roots: readonly string[];
  /** The folder that the command was started in, as `paths` are; `.` is the source folder itself. */
  readonly startFolder: string;
  /** null for a path that is not in `paths`, for a file above 4 MiB, and for one that is not text. Rejects with `notFound` when the stored copy is gone. */
  text(path: string): Promise<string | null>;
}

const longestText = 4 * 1024 ** 2;

/** Rejects with `notFound` when the snapshot is not in the store. `codeFolder`: absolute, where the code lay on the machine that ran it. */
export async function openRunFiles(
  storeFolder: string,
  id: SnapshotId,
  codeFolder: string | null,
  startFolder: string,
): Promise<RunFiles> {
  const { manifest } = await openSnapshot(storeFolder, id);
  const sizes = new Map(manifest.flatMap((entry) => (entry.kind === 'file' ? [[entry.path, entry.size]] : [])));
  return {
    paths: new Set(sizes.keys()),
    roots: codeFolder === null ? [] : await withRealPath(codeFolder),
    startFolder,
    text: async (path) => {
      const size = sizes.get(path);
      return size === undefined || size > longestText ? null : asText(await readSnapshotFile(storeFolder, id, path));
    },
  };
}

/** Programs name their files below the folder that `getcwd` gives them, which has no links in it. */
async function withRealPath(folder: string): Promise<readonly string[]> {
  const real = await realpath(folder).catch(() => folder);
  return real === folder ? [folder] : [folder, real];
}

function asText(bytes: Uint8Array): string | null {
  return bytes.includes(0) ? null : new TextDecoder().decode(bytes);
}
