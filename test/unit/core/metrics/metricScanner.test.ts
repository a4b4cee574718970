import fc from 'fast-check';
import { expect, test } from 'vitest';

import { lineMetrics } from '../../../../src/core/metrics/lineMetrics.ts';
import type { MetricPoint } from '../../../../src/core/metrics/metricPoint.ts';
import { PointScanner } from '../../../../src/core/metrics/pointScanner.ts';
import { SeriesSet } from '../../../../src/core/metrics/seriesSet.ts';
import { parseUserPatterns } from '../../../../src/core/metrics/userPattern.ts';
import { visibleText } from '../../../../src/core/metrics/visibleText.ts';
import { samples } from './corpus.ts';
import { PointList } from './pointList.ts';

const printedLines = [...samples('positive'), ...samples('negative')].flatMap(({ bytes }) =>
  new TextDecoder().decode(bytes).split('\n'),
);

/** A line of the corpus with other digits, so that shapes are used and have to say no. */
const line = fc
  .tuple(
    fc.constantFrom(...printedLines),
    fc.array(fc.stringMatching(/^\d{1,3}$|^\d{14,18}$/u), { minLength: 1, maxLength: 5 }),
    fc.nat(3),
  )
  .map(([text, digits, change]) => {
    let at = 0;
    return text.replaceAll(/\d+/gu, (run) => {
      at += 1;
      return at % 4 < change ? (digits[at % digits.length] ?? run) : run;
    });
  });
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
const log = fc.array(fc.tuple(line, lineEnd), { maxLength: 60 }).map((lines) => lines.flat().join(''));
const twice = log.map((text) => `${text}\n${text}`);

test('lines of a known shape say what lineMetrics says of each', () => {
  fc.assert(
    fc.property(twice, (text) => {
      expect(scanned([bytesOf(text)])).toEqual(readOneByOne(text));
    }),
    { numRuns: 300 },
  );
});

test('so do lines with any digits and any text around them', () => {
  const piece = fc.constantFrom(
    'loss',
    '=',
    ': ',
    ' ',
    '1',
    '23',
    '.',
    'e-',
    ',',
    '-',
    '|',
    'step ',
    '[',
    ']',
    '/',
    '%',
    '\u001b[1m',
    '\u001b7',
    '{',
    '}',
    "'",
    '"',
    'lr',
    'é',
    '\t',
    '(',
    'nan',
    '[rank',
    's/it',
  );
  const odd = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
  const digits = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(odd, digits, (text, numbers) => {
      const lines = [text, text, ...numbers.map((number) => text.replaceAll(/\d+/gu, String(number)))].join('\n');
      expect(scanned([bytesOf(`${lines}\n`)])).toEqual(readOneByOne(`${lines}\n`));
    }),
    { numRuns: 3000 },
  );
});

test('any cutting of the bytes gives the same points', () => {
  fc.assert(
    fc.property(twice, fc.array(fc.nat(4000), { maxLength: 12 }), (text, cuts) => {
      const bytes = bytesOf(text);
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.slice(places[index], end));
      expect(scanned(chunks)).toEqual(scanned([bytes]));
    }),
    { numRuns: 300 },
  );
});

test('a buffer that is used again for the next chunk changes nothing', () => {
  const buffer = Buffer.alloc(64);
  const list = new PointList();
  const scanner = new PointScanner(list);
  for (let step = 0; step < 10; step += 1) {
    const length = buffer.write(`step=${step} loss=0.${step}\n`);
    scanner.push(buffer.subarray(0, length));
    buffer.fill('x');
  }
  expect(list.points.map(({ value }) => value)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
});

test('every version of a progress bar is a point of the same line', () => {
  const points = scanned([bytesOf('hello\n1/3 [=>..] - loss: 3\r2/3 [==>.] - loss: 2\r3/3 [====] - loss: 1\r\n')]);
  expect(points.map(({ step, value, line: at }) => [step, value, at])).toEqual([
    [1, 3, 1],
    [2, 2, 1],
    [3, 1, 1],
  ]);
});

test('a line that is longer than lines of text are is passed over, and the next one read', () => {
  const points = scanned([bytesOf('loss=1\n'), bytesOf('loss=2 '.repeat(40_000)), bytesOf('loss=3\nloss=4\n')]);
  expect(points.map(({ value, line: at }) => [value, at])).toEqual([
    [1, 0],
    [4, 2],
  ]);
});

test('the last line counts although it has no end', () => {
  expect(scanned([bytesOf('loss=1\nloss=2')]).map(({ value }) => value)).toEqual([1, 2]);
});

test("a user's pattern adds its points to those found anyway", () => {
  const { patterns } = parseUserPatterns({ verlust: String.raw`Verlust größe (?<value>[\d.]+) bei (?<step>\d+)` });
  const list = new PointList();
  const scanner = new PointScanner(list, patterns);
  scanner.push(bytesOf('Verlust größe 0.5 bei 7\nstep=8 loss=0.4\n'));
  expect(list.points.map(({ name, step, value }) => [name, step, value])).toEqual([
    ['verlust', 7, 0.5],
    ['loss', 8, 0.4],
  ]);
});

test("a user's pattern takes the place of what is found anyway by its name", () => {
  const { patterns } = parseUserPatterns({ loss: String.raw`true loss is (?<value>[\d.]+)` });
  const list = new PointList();
  const scanner = new PointScanner(list, patterns);
  scanner.push(bytesOf('step 1 | loss 3.5 | lr 0.1, the true loss is 2.5\n'));
  expect(list.points.map(({ name, value }) => [name, value])).toEqual([
    ['lr', 0.1],
    ['loss', 2.5],
  ]);
});

test('a log that prints ever new names gets 500 series', () => {
  const series = new SeriesSet();
  const scanner = new PointScanner(series);
  const names = Array.from({ length: 2000 }, (_, index) => `loss_${index}=1\nloss_${index}=2\n`);
  scanner.push(bytesOf(names.join('')));
  expect(series.curves()).toHaveLength(500);
  expect(series.refused).toBe(true);
});

function scanned(chunks: readonly Uint8Array[]): MetricPoint[] {
  const list = new PointList();
  const scanner = new PointScanner(list);
  for (const chunk of chunks) {
    scanner.push(chunk);
  }
  scanner.end();
  return list.points;
}

function readOneByOne(text: string): MetricPoint[] {
  return text.split('\n').flatMap((whole, at) =>
    whole.split('\r').flatMap((version) => {
      const { rank, step, epoch, values } = lineMetrics(visibleText(version).text);
      return values.map(({ name, value }) => ({ name, rank, value, step, epoch, line: at }));
    }),
  );
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
