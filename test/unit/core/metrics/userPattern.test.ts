import { expect, test } from 'vitest';

import { parseUserPatterns, userValues } from '../../../../src/core/metrics/userPattern.ts';

test.each([[undefined], [null], [{}]])('%j sets nothing', (setting) => {
  expect(parseUserPatterns(setting)).toEqual({ patterns: [], errors: [] });
});

test.each([['loss'], [7], [[]]])('%j is no setting', (setting) => {
  expect(parseUserPatterns(setting).errors).toEqual(['must be an object of names and regular expressions']);
});

test('an error names the field, and the others are used', () => {
  const { patterns, errors } = parseUserPatterns({
    good: String.raw`PSNR is (?<value>\S+)`,
    number: 7,
    groupless: 'PSNR is .*',
    broken: '(?<value>[',
    '': '(?<value>.)',
  });
  expect(patterns.map(({ name }) => name)).toEqual(['good']);
  expect(errors).toHaveLength(4);
  expect(errors[0]).toBe('number: must be a regular expression in a string');
  expect(errors[1]).toBe('groupless: has no group (?<value>…)');
  expect(errors[2]).toMatch(/^broken: .*Unterminated character class/u);
  expect(errors[3]).toBe(': a name is missing');
});

test('a pattern finds each value of a line with its step', () => {
  const { patterns } = parseUserPatterns({ psnr: String.raw`(?:at (?<step>\d+) )?PSNR (?<value>\w[\w.]*)` });
  expect(userValues(patterns, 'at 5 PSNR 21.5, then PSNR 22, then PSNR none, then PSNR nan')).toEqual([
    { name: 'psnr', value: 21.5, step: 5 },
    { name: 'psnr', value: 22, step: null },
    { name: 'psnr', value: Number.NaN, step: null },
  ]);
});

test('a pattern that finds nothing between letters ends', () => {
  const { patterns } = parseUserPatterns({ empty: '(?<value>)' });
  expect(userValues(patterns, 'abc')).toEqual([]);
});
