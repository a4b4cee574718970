import { describe, expect, it } from 'vitest';
import { foldersOf, matcher } from '../../../src/core/globs.ts';

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

describe('foldersOf', () => {
  it('says where to look, no folder twice', () => {
    expect(foldersOf(['out/**', 'out/logs/*.txt', 'model.pt', '../x'])).toEqual(['out', 'model.pt']);
    expect(foldersOf(['**/*.pt', 'out/x'])).toEqual(['']);
    expect(foldersOf([])).toEqual([]);
  });
});
