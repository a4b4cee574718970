import ignore from 'ignore';
import type { Ignore } from 'ignore';
import { defaultExcludes } from './defaultExcludes.ts';

export interface RuleFile {
  /** Shown as `name:line`. */
  readonly name: string;
  readonly text: string;
}

interface Rule {
  readonly pattern: string;
  readonly mark: string;
}

// Git's own default for the file systems that do not tell case apart.
const options = { ignoreCase: process.platform === 'win32' || process.platform === 'darwin' };

const defaults = ignore(options).add(
  defaultExcludes.map(({ pattern, why }) => ({ pattern, mark: `left out by default (${why})` })),
);

/**
 * The rules that hold in one folder. Later rules win, in this order: .gitignore files from the outermost to the innermost, the
 * default excludes, .aloftignore files from the outermost to the innermost. So a broad `!*` meant for git does not bring
 * `node_modules` back, and an .aloftignore has the last word.
 */
export class IgnoreRules {
  readonly #git: Ignore;
  readonly #aloft: Ignore;
  readonly #all: Ignore;

  private constructor(git: Ignore, aloft: Ignore) {
    this.#git = git;
    this.#aloft = aloft;
    this.#all = ignore(options).add(git).add(defaults).add(aloft);
  }

  static readonly none = new IgnoreRules(ignore(options), ignore(options));

  /** The rules for the folder `base` (`''` is the root, else `a/b`) and all below it, given the files found there. */
  within(base: string, gitignores: readonly RuleFile[], aloftignores: readonly RuleFile[]): IgnoreRules {
    if (gitignores.length + aloftignores.length === 0) {
      return this;
    }
    const extended = (rules: Ignore, files: readonly RuleFile[]): Ignore =>
      ignore(options)
        .add(rules)
        .add(files.flatMap((file) => parseRules(file, base)));
    return new IgnoreRules(extended(this.#git, gitignores), extended(this.#aloft, aloftignores));
  }

  /** Which rule leaves `path` out (`.gitignore:3`), or null when it stays. A folder's path ends in `/`. */
  excludes(path: string): string | null {
    const { ignored, rule } = this.#all.test(asGitSees(path));
    return ignored ? (rule?.mark ?? 'ignored') : null;
  }

  /** True when an .aloftignore names `path` in a `!` rule. A folder's path ends in `/`. */
  bringsBack(path: string): boolean {
    return this.#aloft.test(asGitSees(path)).unignored;
  }
}

/** Rules of a file in `base` as rules of the root, so that one ordered list decides as git's chain of files does. */
function parseRules(file: RuleFile, base: string): Rule[] {
  const lines = asGitSees(file.text.replace(/^\uFEFF/u, '')).split('\n');
  return lines.flatMap((line, index) => {
    const pattern = fromRoot(withoutTrailingSpaces(line.replace(/\r$/u, '')), asGitSees(base));
    return pattern === null ? [] : [{ pattern, mark: `${file.name}:${index + 1}` }];
  });
}

/** One character per byte of UTF-8: to git, `?` is one byte. */
function asGitSees(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function fromRoot(pattern: string, base: string): string | null {
  if (pattern === '' || pattern.startsWith('#')) {
    return null;
  }
  if (base === '') {
    return pattern;
  }
  const negation = pattern.startsWith('!') ? '!' : '';
  const body = pattern.slice(negation.length);
  const anchored = body.slice(0, -1).includes('/');
  const rest = anchored ? body.replace(/^\//u, '') : `**/${body}`;
  const literalBase = base.replaceAll(/[\\*?[]/gu, String.raw`\$&`);
  return body === '' || body === '/' ? null : `${negation}/${literalBase}/${rest}`;
}

/** As git does: a space at the end counts only behind a backslash. */
function withoutTrailingSpaces(pattern: string): string {
  let end = pattern.length;
  while (pattern[end - 1] === ' ') {
    end -= 1;
  }
  let backslashes = 0;
  while (pattern[end - 1 - backslashes] === '\\') {
    backslashes += 1;
  }
  return pattern.slice(0, end + (backslashes % 2));
}
