import { glob, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { OutputFile } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { safeRelativePath } from '../../core/safePath.ts';

const chunkBytes = 262_144;

/**
 * The files below the folder that match one of the globs; a matched folder stands for everything in it. Links to folders are
 * not followed, links to files outside are left out, and a glob that reaches outside matches nothing.
 */
export async function listOutputs(
  folder: string,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<OutputFile[]> {
  const root = await realpath(folder).catch(() => null);
  const found = new Map<string, OutputFile>();
  if (root === null) {
    return [];
  }
  for (const pattern of globs.filter(staysInside)) {
    for await (const match of glob(pattern, { cwd: root })) {
      signal.throwIfAborted();
      for (const path of await filesAt(root, match)) {
        const file = await outputFile(root, path);
        if (file !== null) {
          found.set(file.path, file);
        }
      }
    }
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Throws `invalid` when the path leaves the folder, also through a link, and `notFound` when no file is there. */
export async function* readOutputFile(
  workingFolder: () => Promise<string>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const folder = await workingFolder();
  const inside = safeRelativePath(path);
  const root = await realpath(folder).catch(() => null);
  const target = root === null || inside === null ? null : await realpath(join(root, inside)).catch(() => null);
  if (inside === null || (root !== null && target !== null && !isBelow(root, target))) {
    throw new ProviderError('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
  }
  if (target === null || !(await stat(target)).isFile()) {
    throw new ProviderError('notFound', `The job has no file "${path}".`);
  }
  const file = await open(target, 'r');
  try {
    for (;;) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafeSlow(chunkBytes);
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
      if (bytesRead === 0) {
        return;
      }
      yield new Uint8Array(buffer.buffer, 0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** False for a glob that could match something outside the folder it starts from. */
export function staysInside(pattern: string): boolean {
  return !isAbsolute(pattern) && !pattern.split('/').includes('..');
}

async function filesAt(root: string, match: string): Promise<string[]> {
  const stats = await lstat(join(root, match)).catch(() => null);
  if (stats?.isDirectory() !== true) {
    return [match];
  }
  const entries = await readdir(join(root, match), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

async function outputFile(root: string, path: string): Promise<OutputFile | null> {
  const parent = dirname(join(root, path));
  const target = (await realpath(parent)) === parent ? await realpath(join(root, path)).catch(() => null) : null;
  const stats = target === null ? null : await stat(target).catch(() => null);
  if (target === null || stats?.isFile() !== true || !isBelow(root, target)) {
    return null;
  }
  return { path: path.split(sep).join('/'), bytes: stats.size, modifiedAt: Math.round(stats.mtimeMs) };
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(`${root}${sep}`);
}
