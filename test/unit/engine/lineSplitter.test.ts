import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter, type SplitLine } from '../../../src/engine/lineSplitter.ts';

function split(
  bytes: Uint8Array,
  cuts: readonly number[],
  max = 1_000,
  cutStart = false,
): { lines: SplitLine[]; partial: SplitLine | undefined } {
  const splitter = new LineSplitter(max, cutStart);
  const lines: SplitLine[] = [];
  let from = 0;
  for (const cut of cuts) {
    lines.push(...splitter.push(bytes.subarray(from, from + cut)));
    from += cut;
  }
  lines.push(...splitter.push(bytes.subarray(from)));
  return { lines, partial: splitter.partial };
}

const texts = (text: string): string[] => split(Buffer.from(text), []).lines.map((line) => line.text);

/** Bytes in which newlines, carriage returns, whole and broken characters all happen. */
const output = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', 'é', '漢', '😀', '\u001B[32m', '\uFEFF').map((text) => Buffer.from(text)),
      fc.string().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    ),
  )
  .map((parts) => Buffer.concat(parts));

test('however the bytes are cut, the lines are the same', () => {
  fc.assert(
    fc.property(output, fc.array(fc.nat(7)), fc.constantFrom(5, 1_000), fc.boolean(), (bytes, cuts, max, cutStart) => {
      expect(split(bytes, cuts, max, cutStart)).toEqual(split(bytes, [], max, cutStart));
    }),
  );
});

test('the lines are what Node decodes between the newlines', () => {
  fc.assert(
    fc.property(output, fc.array(fc.nat(7)), (bytes, cuts) => {
      const plain = Buffer.from(bytes.filter((byte) => byte !== 13));
      const ends = [...plain.keys()].filter((index) => plain[index] === 10);
      const wanted = ends.map((end, index) =>
        plain.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, end).toString('utf8'),
      );
      expect(split(plain, cuts).lines.map(({ text }) => text)).toEqual(wanted);
    }),
  );
});

test.each([
  ['one\r\ntwo\r\n', ['one', 'two']],
  ['one\r\r\n', ['one']],
  [' 10%\r 20%\r100%\n', ['100%']],
  [' 10%\r 20%\rdone\r\n', ['done']],
  ['\r\n\n', ['', '']],
])('carriage returns in %j leave %j', (text, lines) => {
  expect(texts(text)).toEqual(lines);
});

test('of a long line the beginning is kept, whole characters only, and the rest is counted', () => {
  const { lines } = split(Buffer.from('ab😀cdef\nshort\n'), [3, 1, 1], 5);
  expect(lines).toEqual([
    { text: 'ab', cutBytes: 8, cutStart: false },
    { text: 'short', cutBytes: 0, cutStart: false },
  ]);
});

test('bytes that are no UTF-8 are shown as replacement characters', () => {
  expect(split(Buffer.from([0x61, 0xff, 0xc3, 0x0a]), [1, 1]).lines.map(({ text }) => text)).toEqual(['a\uFFFD\uFFFD']);
});

test('a line that still grows shows no half character', () => {
  const splitter = new LineSplitter(100, false);
  splitter.push(Buffer.from('loss 漢').subarray(0, 7));
  expect(splitter.partial?.text).toBe('loss ');
  splitter.push(Buffer.from('漢').subarray(2));
  expect(splitter.partial?.text).toBe('loss 漢');
  expect(splitter.push(Buffer.from('\n')).map(({ text }) => text)).toEqual(['loss 漢']);
  expect(splitter.partial).toBeUndefined();
});

test('a line whose beginning was not read says so, and shows no half character either', () => {
  const { lines, partial } = split(Buffer.from('漢 rest\nwhole\n').subarray(1), [], 100, true);
  expect(lines).toEqual([
    { text: ' rest', cutBytes: 0, cutStart: true },
    { text: 'whole', cutBytes: 0, cutStart: false },
  ]);
  expect(partial).toBeUndefined();
});
