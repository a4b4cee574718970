import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../fileError.ts';

const maxHops = 40;

/**
 * Whether a link stays inside the folder wherever the folder is put: its target is relative and, followed part by part
 * through the other links of the tree, never steps above the root. A target that does not exist, and a loop, are inside.
 */
export function staysInside(root: string, linkPath: string, target: string): boolean {
  const at = linkPath.split('/').slice(0, -1);
  const ahead = partsOf(target);
  if (isAbsolute(target)) {
    return false;
  }
  for (let hops = 0, part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') {
      if (at.pop() === undefined) {
        return false;
      }
      continue;
    }
    at.push(part);
    const next = linkAt(join(root, ...at));
    if (next === null) {
      continue;
    }
    hops += 1;
    if (isAbsolute(next)) {
      return false;
    }
    if (hops > maxHops) {
      return true;
    }
    at.pop();
    ahead.unshift(...partsOf(next));
  }
  return true;
}

function partsOf(target: string): string[] {
  return target.split(process.platform === 'win32' ? /[\\/]/u : '/').filter((part) => part !== '' && part !== '.');
}

function isAbsolute(target: string): boolean {
  return target.startsWith('/') || (process.platform === 'win32' && /^(?:\\|[A-Za-z]:)/u.test(target));
}

function linkAt(absolute: string): string | null {
  try {
    return readlinkSync(absolute);
  } catch (error) {
    const code = errorCode(error);
    // Not a link, not there, or not to be looked into: nothing to follow.
    if (code === 'EINVAL' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'UNKNOWN') {
      return null;
    }
    throw error;
  }
}
