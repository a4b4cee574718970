import { describe, expect, test } from 'vitest';
import { fileReferences } from '../../../../src/core/failure/fileReferences.ts';
import { lineLevel } from '../../../../src/core/failure/level.ts';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { allFrames, described, type ExpectedFrame, negatives, numbered, samples, scan } from './corpus.ts';

const corpus = samples();

test('the corpus is as large as it must be', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(60);
  expect(negatives().length).toBeGreaterThanOrEqual(20);
});

describe('failures', () => {
  test.each(corpus)('$name', (sample) => {
    const found = scan(numbered(sample.lines));
    expect(found.map((failure, index) => described(failure, sample.failures[index], sample))).toEqual(sample.failures);
  });
});

test('at least 95 in 100 frames are right, and no frame links to a file it does not mean', () => {
  let right = 0;
  let expected = 0;
  const falseLinks: string[] = [];
  for (const sample of corpus) {
    const left = allFrames(sample.failures).map((frame) => key(frame));
    expected += left.length;
    const found = scan(numbered(sample.lines)).map((failure, index) =>
      described(failure, sample.failures[index], sample),
    );
    for (const frame of allFrames(found)) {
      const at = left.indexOf(key(frame));
      if (at === -1 && frame.local !== null) falseLinks.push(`${sample.name}: ${key(frame)}`);
      if (at !== -1) {
        left.splice(at, 1);
        right += 1;
      }
    }
  }
  console.log(`frames right: ${right} of ${expected} in ${corpus.length} logs`);
  expect(falseLinks).toEqual([]);
  expect(right / expected).toBeGreaterThanOrEqual(0.95);
});

const key = ({ path, line, function: name, local }: ExpectedFrame): string => `${path}:${line} ${name} > ${local}`;

test('a frame says which columns of the visible line name the place', () => {
  for (const sample of corpus) {
    for (const frame of allFrames(scan(numbered(sample.lines)))) {
      const shown = visibleText(sample.lines[frame.logLine - 1] ?? '').slice(frame.start, frame.end);
      const [, name = ''] = /([^/\\]+)$/.exec(frame.path) ?? [];
      expect(shown, sample.name).toContain(name);
      expect(shown.endsWith(String(frame.line)) || !shown.includes(':'), `${sample.name}: ${shown}`).toBe(true);
    }
  }
});

test('the last line of each failure is a line of it that can be reached', () => {
  for (const sample of corpus) {
    for (const { firstLine, lastLine } of scan(numbered(sample.lines))) {
      expect(firstLine, sample.name).toBeGreaterThanOrEqual(1);
      expect(lastLine, sample.name).toBeGreaterThanOrEqual(firstLine);
      expect(lastLine, sample.name).toBeLessThanOrEqual(sample.lines.length);
    }
  }
});

describe('logs without a failure', () => {
  test.each(negatives())('$name', ({ lines }) => {
    expect(scan(numbered(lines))).toEqual([]);
    expect(lines.flatMap((line) => fileReferences(visibleText(line)))).toEqual([]);
    expect(lines.filter((line) => lineLevel(line) === 'error')).toEqual([]);
  });
});
