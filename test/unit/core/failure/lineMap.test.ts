import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapLine } from '../../../../src/core/failure/lineMap.ts';

const distinct = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 40 });
const few = fc.array(fc.constantFrom('', '}', 'x', 'y'), { minLength: 1, maxLength: 40 });

test('in a text that did not change every line is where it was', () => {
  fc.assert(
    fc.property(few, (text) => {
      for (let line = 1; line <= text.length; line += 1)
        expect(mapLine(text, text, line)).toEqual({ line, exact: true });
    }),
  );
});

test('lines put in above push a line down, and below leave it', () => {
  fc.assert(
    fc.property(distinct, few, fc.nat(), (text, added, seed) => {
      const at = seed % (text.length + 1);
      const after = [...text.slice(0, at), ...added.map((line) => `new ${line}`), ...text.slice(at)];
      for (let line = 1; line <= text.length; line += 1) {
        expect(mapLine(text, after, line)).toEqual({ line: line <= at ? line : line + added.length, exact: true });
      }
    }),
  );
});

test('a deleted line is at the nearest line after it', () => {
  fc.assert(
    fc.property(distinct, fc.nat(), fc.nat(), (text, a, b) => {
      const from = a % text.length;
      const until = from + 1 + (b % (text.length - from));
      const after = [...text.slice(0, from), ...text.slice(until)];
      for (let line = from + 1; line <= until; line += 1) {
        expect(mapLine(text, after, line)).toEqual({
          line: Math.max(1, Math.min(from + 1, after.length)),
          exact: false,
        });
      }
    }),
  );
});

test('an exact line has the same text, and lines keep their order, whatever changed', () => {
  fc.assert(
    fc.property(few, few, (before, after) => {
      let last = 0;
      for (let line = 1; line <= before.length; line += 1) {
        const mapped = mapLine(before, after, line);
        expect(mapped.line).toBeGreaterThanOrEqual(1);
        expect(mapped.line).toBeLessThanOrEqual(after.length);
        if (!mapped.exact) continue;
        expect(after[mapped.line - 1]).toBe(before[line - 1]);
        expect(mapped.line).toBeGreaterThan(last);
        last = mapped.line;
      }
    }),
  );
});

test('no more lines are kept than both have in common, in order', () => {
  fc.assert(
    fc.property(few, few, (before, after) => {
      const kept = before.filter((_, index) => mapLine(before, after, index + 1).exact).length;
      expect(kept).toBeLessThanOrEqual(longestCommon(before, after));
    }),
  );
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let above = Array.from({ length: b.length + 1 }, () => 0);
  for (const line of a) {
    const row = [0];
    for (const [index, other] of b.entries()) {
      row.push(line === other ? (above[index] ?? 0) + 1 : Math.max(above[index + 1] ?? 0, row[index] ?? 0));
    }
    above = row;
  }
  return above.at(-1) ?? 0;
}

test('a replaced line is where its replacement is', () => {
  expect(mapLine(['a', 'x = 1', 'b'], ['new', 'a', 'x = 2', 'b'], 2)).toEqual({ line: 3, exact: false });
  expect(mapLine(['a', 'p', 'q', 'r', 'b'], ['a', 'P', 'b'], 4)).toEqual({ line: 2, exact: false });
});

test('a line outside the text, and an empty text, give the nearest line', () => {
  expect(mapLine(['a'], ['a', 'b'], 9)).toEqual({ line: 2, exact: false });
  expect(mapLine(['a'], ['a', 'b'], 0)).toEqual({ line: 1, exact: false });
  expect(mapLine(['a'], [], 1)).toEqual({ line: 1, exact: false });
});

test('two texts of 50,000 lines that differ in everything, or in nothing but order, are compared in time', () => {
  const size = 50_000;
  const numbers = Array.from({ length: size }, (_, index) => index);
  const one = numbers.map((n) => `a ${n}`);
  expect(
    mapLine(
      one,
      numbers.map((n) => `b ${n}`),
      25_000,
    ),
  ).toEqual({ line: 25_000, exact: false });
  expect(mapLine(one, one.toReversed(), 25_000).line).toBeGreaterThan(0);
  const binary = (seed: number): string[] => numbers.map((n) => String(((n * seed) >> 7) & 1));
  expect(mapLine(binary(40_503), binary(30_011), 25_000).line).toBeGreaterThan(0);
  const everyOther = numbers.map((n) => (n % 2 === 0 ? `a ${n}` : `c ${n}`));
  expect(mapLine(one, everyOther, 25_001)).toEqual({ line: 25_001, exact: true });
});
