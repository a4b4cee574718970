import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { telltales } from './defaultExcludes.ts';
import { errorCode, plainReason } from '../fileError.ts';
import { rulesAbove } from './gitRoot.ts';
import type { IgnoreRules, RuleFile } from './ignoreRules.ts';
import { staysInside } from './linkTarget.ts';
import type { ManifestLink } from './manifest.ts';
import type { Pace } from './pace.ts';
import type { HeldBack, Refused, SkippedFolder } from './preview.ts';
import { stampOf, TreeChanged } from './readSettled.ts';
import type { FileStamp } from './readSettled.ts';
import { readRuleFile } from './ruleFile.ts';

export interface FoundFile {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly executable: boolean;
}

/** What a folder holds that the ignore rules let through, in no certain order. */
export interface FoundTree {
  readonly files: FoundFile[];
  readonly links: ManifestLink[];
  readonly heldBack: HeldBack[];
  readonly skipped: SkippedFolder[];
  readonly refused: Refused[];
  ignoredFiles: number;
}

interface Folder {
  /** `''` is the root, else `a/b/`. */
  readonly path: string;
  readonly rules: IgnoreRules;
}

/** Walks the folder (absolute, its links resolved). What vanishes on the way is not found; nothing is read but ignore files. */
export async function walkTree(root: string, pace: Pace, onFound: (files: number) => void): Promise<FoundTree> {
  const tree: FoundTree = { files: [], links: [], heldBack: [], skipped: [], refused: [], ignoredFiles: 0 };
  const { rules, prefix } = rulesAbove(root);
  const ahead: Folder[] = [{ path: '', rules }];
  for (let folder = ahead.pop(); folder !== undefined; folder = ahead.pop()) {
    const { path } = folder;
    const found = readFolder(root, path, tree);
    const telltale = path === '' ? undefined : found.find((item) => telltales.has(item.name));
    if (telltale !== undefined && !folder.rules.bringsBack(prefix + path)) {
      tree.skipped.push({ path: path.slice(0, -1), rule: `left out by default (${telltales.get(telltale.name)})` });
      continue;
    }
    const names = new Set(found.map((item) => item.name));
    const ruleFile = (name: string): RuleFile[] => (names.has(name) ? ruleFileIn(root, path + name, tree) : []);
    const within = folder.rules.within((prefix + path).slice(0, -1), ruleFile('.gitignore'), ruleFile('.aloftignore'));
    for (const item of found) {
      if (item.isDirectory()) {
        const child = `${path}${item.name}/`;
        const rule = within.excludes(prefix + child);
        if (rule === null) {
          ahead.push({ path: child, rules: within });
        } else {
          tree.skipped.push({ path: child.slice(0, -1), rule });
        }
      } else if (within.excludes(prefix + path + item.name) === null) {
        addLeaf(root, path + item.name, item, tree);
      } else {
        tree.ignoredFiles += 1;
      }
      if (pace.isSpent) {
        onFound(tree.files.length);
        await pace.rest();
      }
    }
  }
  return tree;
}

function readFolder(root: string, path: string, tree: FoundTree): Dirent[] {
  const absolute = join(root, path);
  try {
    const found = readdirSync(absolute, { withFileTypes: true });
    if (!found.some((item) => item.name.includes('\uFFFD'))) {
      return found;
    }
    const readable = new Set(
      readdirSync(absolute, { encoding: 'buffer' })
        .filter((name) => Buffer.from(name.toString()).equals(name))
        .map(String),
    );
    return found.filter((item) => {
      if (!readable.has(item.name)) {
        tree.heldBack.push({ path: path + item.name, bytes: 0, kind: 'name', reason: 'its name is not valid UTF-8' });
      }
      return readable.has(item.name);
    });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      tree.refused.push({ path: path === '' ? '.' : path.slice(0, -1), reason: plainReason(error) });
    }
    return [];
  }
}

function ruleFileIn(root: string, path: string, tree: FoundTree): RuleFile[] {
  try {
    return readRuleFile(join(root, path), path);
  } catch (error) {
    tree.refused.push({ path, reason: plainReason(error) });
    return [];
  }
}

function addLeaf(root: string, path: string, item: Dirent, tree: FoundTree): void {
  const absolute = join(root, path);
  try {
    if (item.isSymbolicLink()) {
      const target = readlinkSync(absolute);
      if (staysInside(root, path, target)) {
        tree.links.push({
          kind: 'symlink',
          path,
          target: process.platform === 'win32' ? target.replaceAll('\\', '/') : target,
        });
      } else {
        tree.refused.push({ path, reason: `it is a link to ${target}, outside the folder` });
      }
    } else if (item.isFile()) {
      const stats = lstatSync(absolute);
      if (!stats.isFile()) {
        throw new TreeChanged(path);
      }
      tree.files.push({ path, stamp: stampOf(stats), executable: (stats.mode & 0o100) !== 0 });
    } else {
      tree.heldBack.push({ path, bytes: 0, kind: 'special', reason: `it is ${specialKind(item)}` });
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EINVAL') {
      throw new TreeChanged(path);
    }
    if (code === undefined) {
      throw error;
    }
    if (code !== 'ENOENT') {
      tree.refused.push({ path, reason: plainReason(error) });
    }
  }
}

function specialKind(item: Dirent): string {
  if (item.isSocket()) {
    return 'a socket';
  }
  return item.isFIFO() ? 'a named pipe' : 'a device';
}
