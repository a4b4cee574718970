import { glob, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { OutputFile } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { safeRelativePath } from '../../core/safePath.ts';

const chunkBytes = 262_144;

/**
 * The files below the folder that match one of the globs; a matched folder stands for everything in it. Links to folders are
 * not followed and links to files outside are left out. Throws `invalid` for a glob that could reach outside.
 */
export async function listOutputs(
  folder: string,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<OutputFile[]> {
  for (const pattern of globs) {
    if (isAbsolute(pattern) || pattern.split('/').includes('..')) {
      throw new ProviderError('invalid', `The output pattern "${pattern}" reaches outside the job's folder.`, {
        field: 'outputs',
        remedy: 'Use patterns relative to the working folder.',
      });
    }
  }
  const root = await realpath(folder).catch(() => null);
  const found = new Map<string, OutputFile>();
  if (root === null) {
    return [];
  }
  for (const pattern of globs) {
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
