import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from '../../../src/core/shellQuote.ts';

test.each([
  ['train.py', 'train.py'],
  ['a/b-c_1.sh', 'a/b-c_1.sh'],
  ['my file.py', "'my file.py'"],
  ["it's", String.raw`'it'\''s'`],
  ['$(reboot)', "'$(reboot)'"],
  ['~/x', "'~/x'"],
  ['a=b', "'a=b'"],
  ['', "''"],
])('%j is written as %s', (text, quoted) => {
  expect(shellQuote(text)).toBe(quoted);
});

test('a NUL is refused', () => {
  expect(() => shellQuote('a\0b')).toThrow(RangeError);
});

const hostile = fc.string({
  unit: fc.constantFrom(...'\'"`$\\!*?[]{}()<>|&;#~= \t\n\r-%^a1.'.split(''), 'é', '\u2028', '🙂', '\u001b'),
});
const words = fc.array(
  fc.oneof(hostile, fc.string({ unit: 'grapheme' })).filter((text) => !text.includes('\0')),
  {
    minLength: 1,
    maxLength: 40,
  },
);

test('a real shell hands every word on unchanged', () => {
  fc.assert(
    fc.property(words, (texts) => {
      const output = execFileSync('sh', ['-c', String.raw`printf '%s\0' ${texts.map(shellQuote).join(' ')}`]);
      expect(output.toString()).toBe(texts.map((text) => `${text}\0`).join(''));
    }),
    { numRuns: 60 },
  );
});
