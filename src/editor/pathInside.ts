import { isAbsolute, relative, sep } from 'node:path';

/** `file` relative to `folder`, `/` between its parts; undefined when it is not below it. Both are absolute. */
export function pathInside(folder: string, file: string): string | undefined {
  const path = relative(folder, file);
  const parts = path.split(sep);
  return path === '' || isAbsolute(path) || parts[0] === '..' ? undefined : parts.join('/');
}
