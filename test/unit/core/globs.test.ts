import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { foldersOf, globPattern, matcher } from '../../../src/core/globs.ts';

describe('matcher', () => {
  it.each([
    ['out/**', ['out/a', 'out/a/b.txt'], ['other/a', 'out', 'xout/a']],
    ['out', ['out', 'out/a/b'], ['outer', 'a/out']],
    ['*.txt', ['a.txt'], ['a/b.txt', 'a.txt.gz']],
    ['**/*.pt', ['a.pt', 'x/y/b.pt'], ['a.pth']],
    ['a/**/z.json', ['a/z.json', 'a/b/c/z.json'], ['z.json', 'b/z.json']],
    ['run?/[0-9]*.log', ['run1/7.log', 'run2/12.log'], ['run12/7.log', 'run1/x.log']],
    ['{loss,acc}.csv', ['loss.csv', 'acc.csv'], ['both.csv']],
    ['a+b(1).txt', ['a+b(1).txt'], ['aab1.txt']],
    ['./out//x', ['out/x'], ['x']],
    ['[!a]*', ['b'], ['a']],
    ['a{b,c}?', ['abx', 'acx'], ['adx', 'ab']],
    ['x[!a]y', ['xby'], ['x/y', 'xay']],
    ['[^a-c]', ['d'], ['b']],
    ['[a-]b', ['ab', '-b'], ['bb']],
    ['[!a-]b', ['bb'], ['ab', '-b']],
    ['x[!-z]', ['x0', 'xy', 'x['], ['x-', 'xz', 'x/']],
    ['x[!-a-]', ['x.', 'x0'], ['x-', 'xa', 'x/']],
    ['x[!--]', ['x.'], ['x-', 'x/']],
    ['x[!---]', ['x.', 'x,'], ['x-', 'x/']],
    ['x[!-+--]', ['x.', 'x*'], ['x-', 'x+', 'x,', 'x/']],
    ['x[![a-]', ['xb', 'x_'], ['x[', 'xa', 'x-', 'x/']],
    ['x[!^a-]', ['xb', 'x]'], ['x^', 'xa', 'x-', 'x/']],
    ['[[^a-]', ['[', '^', 'a', '-'], ['b', ']']],
    ['[[^+--]', ['[', '^', '+', ',', '-'], ['.', 'a']],
    ['x[!-[]', ['xb', 'x0'], ['x[', 'x-', 'x/']],
    ['out/[run-1].txt', ['out/[run-1].txt'], ['out/r.txt']],
    ['[!z-a*?]', ['[!z-a*?]'], ['b']],
    ['[:alpha:]', ['a', ':'], ['[:alpha:]', 'b']],
    ['[[]x', ['[x'], ['x']],
    ['[a[^]x', ['[x', 'ax', '^x'], ['bx']],
    ['[a\\]b]', ['a', ']', 'b', '\\'], ['c']],
    ['[\\a]', ['\\', 'a'], ['b']],
    ['[[:x]', ['[', ':', 'x'], ['y']],
    ['[![:x]', ['y'], ['[', ':', 'x']],
    ['[é-ü]', ['ö'], ['e']],
    ['[', ['['], ['a']],
    ['a]', ['a]'], ['a']],
  ])('%s', (glob, matches, others) => {
    const isMatch = matcher([glob]);
    expect(matches.filter((path) => !isMatch(path))).toEqual([]);
    expect(others.filter((path) => isMatch(path))).toEqual([]);
  });

  it('matches nothing outside, and nothing without a glob', () => {
    const isMatch = matcher(['../**', '/etc/*', 'a/../../b']);
    expect(['../x', '/etc/passwd', 'b', 'a'].filter((path) => isMatch(path))).toEqual([]);
    expect(matcher([])('x')).toBe(false);
  });
});

describe('globPattern', () => {
  const globs = [
    ...[
      'out/**',
      'out',
      '*.txt',
      '**/*.pt',
      'a/**/z.json',
      '{loss,acc}.csv',
      'a+b(1).txt',
      './out//x',
      'x[!a]y',
      '[!a-]b',
      ...['[!-z]', '[!-a-]', '[!--]', '[!---]', '[!-+--]', '[![a-]', '[!-[]', '[!^a-]', '[[^a-]', '[[^+--]'],
    ],
    ...[
      'out/[run-1].txt',
      '[:alpha:]',
      '[[]x',
      '[a[^]x',
      '[a\\]b]',
      '[\\a]',
      '[[:x]',
      '[![:x]',
      '[=a=]',
      '[.a.]',
      '[',
      'a]',
    ],
    ...['[^]]', 'a^b', '[!^a]', 'a|b', 'a{2}', '$HOME', String.raw`a\b`, '[]a]', '[!]a]'],
  ];
  const paths = [
    ...[
      'out',
      'out/a',
      'out/a/b.txt',
      'a.txt',
      'a/b.txt',
      'x/y/b.pt',
      'a/z.json',
      'a/b/c/z.json',
      'z.json',
      'loss.csv',
    ],
    ...['a+b(1).txt', 'aab1.txt', 'xby', 'x/y', 'xay', 'ab', '-b', 'bb', 'out/[run-1].txt', 'out/r.txt', 'a', ':', 'b'],
    ...['[:alpha:]', '[x', 'ax', '^x', ']', '\\', '[', 'x', 'y', '=', '.', 'a^b', 'a|b', 'a{2}', 'aa', '$HOME'],
    ...['-', '+', ',', '0', '/', 'z'],
    ...[String.raw`a\b`, '^', 'a]', '[]a]', '[^]]', '[!]a]', '[a', 'c'],
  ];

  it.each(globs)('%s means the same to grep', (glob) => {
    const pattern = globPattern(glob) ?? '';
    expect(pattern).not.toBe('');
    const { stdout, stderr } = spawnSync('grep', ['-E', '-e', `^${pattern}$`], {
      input: `${paths.join('\n')}\n`,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual(paths.filter(matcher([glob])));
  });

  it('is none for what leads out, matches nothing or is of several lines', () => {
    expect(['../x', '/etc/*', 'a/../../b', '', '.', 'a\nb', 'a\0b'].flatMap((glob) => globPattern(glob) ?? [])).toEqual(
      [],
    );
  });
});

describe('foldersOf', () => {
  it('says where to look, no folder twice', () => {
    expect(foldersOf(['out/**', 'out/logs/*.txt', 'model.pt', '../x'])).toEqual(['out', 'model.pt']);
    expect(foldersOf(['**/*.pt', 'out/x'])).toEqual(['']);
    expect(foldersOf([])).toEqual([]);
  });
});
