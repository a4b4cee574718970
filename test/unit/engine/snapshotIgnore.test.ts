import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scan } from '../../../src/engine/snapshot/makeSnapshot.ts';

let base = '';
let made = 0;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'aloft-ignore-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

function git(folder: string, ...words: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return execFileSync('git', words, { cwd: folder, env, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

function newFolder(files: Readonly<Record<string, string>>, isRepository = false): string {
  const folder = join(base, String((made += 1)));
  mkdirSync(folder);
  if (isRepository) {
    git(folder, 'init', '-q');
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

async function previewOf(folder: string) {
  const cacheFolder = join(base, 'cache');
  return scan(folder, { storeFolder: join(base, 'store'), cacheFolder }, new AbortController().signal, () => undefined);
}

async function goes(folder: string): Promise<string[]> {
  return (await previewOf(folder)).files.map((file) => file.path);
}

const word = fc.constantFrom('a', 'b', 'ab', 'log', 'x.py', 'x y', 'b.log', '#h', '!n', 'é', 'A');
const pathTo = (parts: number): fc.Arbitrary<string> =>
  fc.array(word, { minLength: 1, maxLength: parts }).map((names) => names.join('/'));
const glob = fc.constantFrom(
  '*',
  '?',
  '**',
  '*.log',
  '*.py',
  'a*',
  '[ab]',
  '[!a]',
  '[a-',
  '[]]',
  '*b',
  'x\\ y',
  '\\#h',
  '\\!n',
  'x\\',
  '[[:alpha:]]',
  '?.p[xy]',
);
const pattern = fc
  .record({
    negated: fc.constantFrom('', '', '!'),
    start: fc.constantFrom('', '', '/', '**/'),
    body: fc.array(fc.oneof(word, glob), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    end: fc.constantFrom('', '', '/', '/*', '/**', ' ', '  ', '\\ ', '\t'),
  })
  .map(({ negated, start, body, end }) => negated + start + body + end);
const line = fc.oneof(
  { weight: 8, arbitrary: pattern },
  { weight: 1, arbitrary: fc.constantFrom('', '#a', ' ', '/', '!', '\\', '!/', '//') },
);
const ruleText = fc
  .tuple(fc.constantFrom('', '\uFEFF'), fc.array(line, { maxLength: 5 }), fc.constantFrom('\n', '\r\n'))
  .map(([mark, lines, end]) => mark + lines.map((text) => text + end).join(''));

describe('.gitignore', () => {
  test('leaves out what git leaves out, at every level', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(pathTo(4), { minLength: 1, maxLength: 14 }),
        fc.array(fc.tuple(fc.nat(), ruleText), { minLength: 1, maxLength: 4 }),
        ruleText,
        async (paths, ruleFiles, exclude) => {
          const files: Record<string, string> = {};
          for (const path of paths) {
            if (!Object.keys(files).some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`))) {
              files[path] = '';
            }
          }
          const folders = [
            '',
            ...Object.keys(files).flatMap((path) =>
              path
                .split('/')
                .slice(0, -1)
                .map((_, depth, all) => `${all.slice(0, depth + 1).join('/')}/`),
            ),
          ];
          for (const [pick, content] of ruleFiles) {
            files[`${folders[pick % folders.length] ?? ''}.gitignore`] = content;
          }
          const folder = newFolder(files, true);
          writeFileSync(join(folder, '.git', 'info', 'exclude'), exclude);
          const listed = git(folder, 'ls-files', '-coz', '--exclude-standard')
            .split('\0')
            .filter((path) => path !== '');
          expect(await goes(folder)).toEqual(listed.toSorted());
          rmSync(folder, { recursive: true });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('says the rule that git check-ignore says for a folder', async () => {
    const folder = newFolder(
      { '.gitignore': '# results\n\nout/\n', 'src/.gitignore': 'gen\n', 'out/a': '', 'src/gen/b': '', 'src/c.py': '' },
      true,
    );
    const { skipped } = await previewOf(folder);
    expect(skipped.filter(({ path }) => path !== '.git')).toEqual([
      { path: 'out', rule: '.gitignore:3' },
      { path: 'src/gen', rule: 'src/.gitignore:1' },
    ]);
    for (const { path, rule } of skipped.filter((skip) => skip.path !== '.git')) {
      expect(git(folder, 'check-ignore', '-v', path).startsWith(`${rule}:`)).toBe(true);
    }
  });

  test('files above the folder hold as well, unless they leave out the folder itself', async () => {
    const files = { '.gitignore': '*.ckpt\n/lab/*/data/\nscratch/\n', 'lab/.gitignore': '*.tmp\n' };
    const tree = { 'a.py': '', 'a.ckpt': '', 'a.tmp': '', 'data/x': '' };
    const below = (folder: string) =>
      Object.fromEntries(Object.entries(tree).map(([path, text]) => [`${folder}/${path}`, text]));
    const repository = newFolder({ ...files, ...below('lab/run'), ...below('scratch/run') }, true);
    expect(await goes(join(repository, 'lab/run'))).toEqual(['a.py']);
    expect(await goes(join(repository, 'scratch/run'))).toEqual(['a.ckpt', 'a.py', 'a.tmp', 'data/x']);
  });

  test('of a worktree, the shared exclude file counts', async () => {
    const repository = newFolder({ 'a.py': '' }, true);
    git(repository, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'start');
    writeFileSync(join(repository, '.git/info/exclude'), '*.ckpt\n');
    const worktree = join(base, `worktree${(made += 1)}`);
    git(repository, 'worktree', 'add', '-q', worktree);
    writeFileSync(join(worktree, 'b.py'), '');
    writeFileSync(join(worktree, 'b.ckpt'), '');
    expect(await goes(worktree)).toEqual(['b.py']);
  });
});

describe('.aloftignore', () => {
  test('has the last word over .gitignore and the defaults, at every level', async () => {
    const folder = newFolder({
      '.gitignore': '*.bin\nkept/\n',
      '.aloftignore': '!weights.bin\n!kept/\n!node_modules/\nnotes/\n',
      'sub/.gitignore': '!*\n',
      'sub/.aloftignore': 'only.txt\n',
      'weights.bin': '',
      'other.bin': '',
      'kept/a': '',
      'node_modules/m.js': '',
      'notes/n': '',
      'sub/only.txt': '',
      'sub/x.bin': '',
      'sub/node_modules/m.js': '',
    });
    expect(await goes(folder)).toEqual([
      '.aloftignore',
      '.gitignore',
      'kept/a',
      'node_modules/m.js',
      'sub/.aloftignore',
      'sub/.gitignore',
      'sub/node_modules/m.js',
      'sub/x.bin',
      'weights.bin',
    ]);
  });

  test('a broad `!` rule of git brings no default back', async () => {
    const folder = newFolder({
      '.gitignore': '*\n!*/\n!*.py\n',
      'a.py': '',
      'a.txt': '',
      'node_modules/x.py': '',
      '__pycache__/a.py': '',
    });
    expect(await goes(folder)).toEqual(['a.py']);
  });
});

describe('what is left out by default', () => {
  test('environments are known by what they hold, and can be brought back', async () => {
    const folder = newFolder({
      'train.py': '',
      'my-env/pyvenv.cfg': '',
      'my-env/lib/x.py': '',
      'conda/conda-meta/history': '',
      'cache/CACHEDIR.TAG': '',
      'wanted/pyvenv.cfg': '',
      '.aloftignore': '!wanted/\n',
    });
    const preview = await previewOf(folder);
    expect(preview.files.map((file) => file.path)).toEqual(['.aloftignore', 'train.py', 'wanted/pyvenv.cfg']);
    expect(preview.skipped).toEqual([
      { path: 'cache', rule: 'left out by default (cache)' },
      { path: 'conda', rule: 'left out by default (conda environment)' },
      { path: 'my-env', rule: 'left out by default (virtual environment)' },
    ]);
  });

  test('a folder that is itself an environment still goes', async () => {
    expect(await goes(newFolder({ 'pyvenv.cfg': '', 'train.py': '' }))).toEqual(['pyvenv.cfg', 'train.py']);
  });

  test('version control, dependencies, caches and records of runs stay; source stays source', async () => {
    const out = [
      '.git/config',
      '.hg/x',
      'node_modules/m/i.js',
      'a/__pycache__/b.pyc',
      'c.pyc',
      '.mypy_cache/x',
      '.ipynb_checkpoints/n.ipynb',
      '.DS_Store',
      '.tox/x',
      'wandb/run-2024_01-x/f',
      'lightning_logs/v0/x',
      'mlruns/0/x',
      'pkg.egg-info/PKG-INFO',
    ];
    const source = ['.vscode/settings.json', 'build/make.py', 'data/tiny.csv', 'dist/setup.py', 'wandb/config.py'];
    const folder = newFolder(Object.fromEntries([...out, ...source].map((path) => [path, ''])));
    expect(await goes(folder)).toEqual(source);
  });
});
