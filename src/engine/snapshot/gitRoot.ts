import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { IgnoreRules } from './ignoreRules.ts';
import { readRuleFile } from './ruleFile.ts';

export interface RootRules {
  readonly rules: IgnoreRules;
  /** What stands before a path of the tree in the rules' own paths: `''`, or `a/b/` in a folder below the repository's root. */
  readonly prefix: string;
}

/**
 * The rules that hold in the folder before its own ignore files are read: of the git repository it lies in, `.git/info/exclude` and the
 * .gitignore files above the folder, unless those leave out the folder itself.
 */
export function rulesAbove(folder: string): RootRules {
  const repository = repositoryOf(folder);
  if (repository === null) {
    return { rules: IgnoreRules.none, prefix: '' };
  }
  const exclude = readRuleFile(join(gitFolder(repository), 'info', 'exclude'), '.git/info/exclude');
  const excluded = IgnoreRules.none.within('', exclude, []);
  const parts = relative(repository, folder)
    .split(sep)
    .filter((part) => part !== '');
  let rules = excluded;
  for (const [depth, part] of parts.entries()) {
    const base = parts.slice(0, depth).join('/');
    const name = `${'../'.repeat(parts.length - depth)}.gitignore`;
    rules = rules.within(base, readRuleFile(join(repository, base, '.gitignore'), name), []);
    if (rules.excludes(base === '' ? `${part}/` : `${base}/${part}/`) !== null) {
      return { rules: IgnoreRules.none, prefix: '' };
    }
  }
  return { rules, prefix: parts.map((part) => `${part}/`).join('') };
}

function repositoryOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) {
      return at;
    }
    if (dirname(at) === at) {
      return null;
    }
  }
}

/** In a worktree or submodule `.git` is a file that points elsewhere. */
function gitFolder(repository: string): string {
  const path = join(repository, '.git');
  if (statSync(path).isDirectory()) {
    return path;
  }
  const own = /^gitdir: (?<path>.+)$/mu.exec(readFileSync(path, 'utf8'))?.groups?.['path'];
  if (own === undefined) {
    return path;
  }
  const gitDir = resolve(repository, own.trim());
  const common = join(gitDir, 'commondir');
  const shared = existsSync(common) ? readFileSync(common, 'utf8').trim() : '.';
  return isAbsolute(shared) ? shared : join(gitDir, shared);
}
