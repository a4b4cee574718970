import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import type { LineQuery } from '../../../../src/core/logRow.ts';
import { PlainByteScan } from '../../../../src/engine/log/bytes/plainByteScan.ts';
import { createByteScan } from '../../../../src/engine/log/bytes/createByteScan.ts';
import { bytePattern } from '../../../../src/engine/log/scan/bytePattern.ts';
import { queryRegex } from '../../../../src/core/lineQuery.ts';
import { compileQuery } from '../../../../src/engine/log/scan/lineMatcher.ts';
import { hostileLines } from '../../../fixtures/log/hostileLines.ts';

const scans = [
  ['as is', createByteScan()],
  ['without vectors', new PlainByteScan()],
] as const;

const patterns = [
  'a',
  'a.*b',
  'a.b',
  'a.+?b$',
  '^a|b$',
  String.raw`a\s+b`,
  String.raw`\s$`,
  '[^x]*',
  'a[^b]*b',
  'a[^b]b',
  String.raw`a\Wb`,
  String.raw`a\W+b`,
  String.raw`\bab\b`,
  String.raw`\S+\d`,
  String.raw`\D{1,}0`,
  'x*',
  '$',
  '^$',
  '^',
  '(?=a)b|a(?!b)',
  '(?<!a)b',
  '(a|b)+E',
  '(?<name>a)b',
  String.raw`(a)\1`,
  'größe',
  'größ+e.',
  '[ö-ü]',
  '.{3}',
  '学.*🙂',
  '🙂+a',
  String.raw`\p{L}{4}`,
  String.raw`a\nb`,
  String.raw`[\s\d]+a`,
  String.raw`[^\s]+a`,
  String.raw`[^\n]*E0`,
  String.raw`[\t-z]b`,
  String.raw`\x61b`,
  String.raw`[\]a]\[`,
  String.raw`step=[0-9]+00 `,
  '(?:a|)*b',
  'ab|ba',
  'ab|b.a|',
  'ab.*[0E]',
  'bba{0}',
  'ab{0,1}a',
  'abb*a?',
  'ab{2}',
  '(ab)?ba',
  String.raw`ab\]|E0`,
  'größe.*a',
];

const query = fc.record({
  text: fc.constantFrom(...patterns),
  isRegex: fc.constant(true),
  matchCase: fc.boolean(),
  wholeWord: fc.boolean(),
});
const literal = fc.record({
  text: fc.oneof(
    fc.constantFrom(
      'a',
      'ab',
      'AB',
      'größe',
      'GRÖSSE',
      'Größe',
      '.',
      '[',
      'a b',
      'b-a',
      '🙂',
      '学',
      'a\nb',
      '\\',
      'E0',
    ),
    fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'E', ' ', '[', '0'), minLength: 1, maxLength: 4 }),
  ),
  isRegex: fc.constant(false),
  matchCase: fc.boolean(),
  wholeWord: fc.boolean(),
});

describe.each(scans)('%s', (_name, scan) => {
  test('finds what a pattern means by characters beyond ASCII', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 's', 'K', ' ', '\u00a0', '\ufeff', '\u2028', '\u017f', '\u212a', 'é'),
    });
    const pattern = fc.constantFrom(
      ...[String.raw`\s`, String.raw`a\s+a`, String.raw`[\sé]a`, String.raw`\S+$`, String.raw`[^\s]+`],
      ...[String.raw`^\w+$`, '^$', '^a', 'a$', 'a.s', 's', 'k+', '[r-t]a', String.raw`\bk`, String.raw`\w{3}`],
    );
    const wanted = fc.record({
      text: pattern,
      isRegex: fc.constant(true),
      matchCase: fc.boolean(),
      wholeWord: fc.boolean(),
    });
    const plain = fc.record({
      text: fc.constantFrom('s', 'as', 'K', 'ka', 'é'),
      isRegex: fc.constant(false),
      matchCase: fc.boolean(),
      wholeWord: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.oneof(wanted, plain), fc.array(text, { minLength: 1, maxLength: 6 }), (query, lines) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect([...compileQuery(query, scan)(bytes)]).toEqual(matching(query, lines));
      }),
      { numRuns: 2_000 },
    );
  });

  test('finds just the lines that match as they are seen, each by itself', () => {
    fc.assert(
      fc.property(fc.oneof(query, literal), hostileLines, fc.boolean(), (wanted, whole, ended) => {
        const lines = ended ? whole : [...whole, 'the beginning of b'];
        const bytes = Buffer.from(lines.join('\n') + (ended ? '\n' : ''));
        expect([...compileQuery(wanted, scan)(bytes)]).toEqual(matching(wanted, lines));
      }),
      { numRuns: 3000 },
    );
  });

  test('finds lines among many and among few with what they must contain', () => {
    const many = Array.from({ length: 9_000 }, (_, line) => `needle ${line}\u001b[1m7\u001b[0m`);
    const lines = [...many, ...many.map((_, line) => (line % 500 === 0 ? 'needle 57' : 'nothing to see 57'))];
    const matcher = compileQuery({ text: 'needle.*57$', isRegex: true, matchCase: true, wholeWord: false }, scan);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    const regex = /needle.*57$/u;
    const expected = lines.flatMap((line, number) => (regex.test(visibleText(line)) ? [number] : []));
    for (let time = 0; time < 20; time += 1) {
      expect([...matcher(bytes)]).toEqual(expected);
    }
  });

  test('finds text in lines of bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('a'), Buffer.from([0xff, 0xc3]), Buffer.from('b\nab\n')]);
    expect([...compileQuery({ text: 'a.*b', isRegex: true, matchCase: true, wholeWord: false }, scan)(bytes)]).toEqual([
      0, 1,
    ]);
  });
});

function matching(wanted: LineQuery, lines: readonly string[]): readonly number[] {
  const regex = queryRegex(wanted, 'm');
  return lines.flatMap((line, number) => (regex.test(visibleText(line)) ? [number] : []));
}

test('a pattern that is none is refused', () => {
  for (const text of ['(', '[', 'a{2,1}', '*', String.raw`\q`]) {
    expect(() => compileQuery({ text, isRegex: true, matchCase: false, wholeWord: false }, scans[0][1])).toThrow(
      SyntaxError,
    );
  }
});

test.each([
  'a.*b',
  String.raw`rank3\].*step=[0-9]+00 `,
  'outofmemory|error|traceback',
  String.raw`^\s*File "[^"]+", line \d+`,
])('%s is looked for in bytes', (text) => {
  expect(bytePattern(text, true)).toBeDefined();
});
