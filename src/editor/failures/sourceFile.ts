import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { safeRelativePath } from '../../core/safePath.ts';
import { pathInside } from '../pathInside.ts';

/**
 * The absolute path of a file below a folder, neither of which need to be there. null when there is no such file, or a path or
 * a link leads out of the folder.
 */
export async function sourceFile(folder: string, path: string): Promise<string | null> {
  if (safeRelativePath(path) !== path) {
    return null;
  }
  const file = join(folder, path);
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(file)]);
    return pathInside(realFolder, realFile) !== undefined && (await stat(realFile)).isFile() ? file : null;
  } catch {
    return null;
  }
}
