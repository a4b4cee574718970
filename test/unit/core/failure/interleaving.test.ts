import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FailureScanner, type LogLine } from '../../../../src/core/failure/failureScanner.ts';
import { described, numbered, type Sample, samples, scan } from './corpus.ts';

const corpus = samples();
const anySample = fc.constantFrom(...corpus);

/** The ways in which two processes are told apart: a prefix on each line, or a stream of their own. */
const separations: readonly ((text: string, process: 0 | 1) => Omit<LogLine, 'number'>)[] = [
  (text, process) => ({ text, stream: `task ${process}` }),
  (text, process) => ({ text: `[rank${process + 40}]: ${text}`, stream: 'out' }),
  (text, process) => ({ text: `[default${process}]:${text}`, stream: 'out' }),
  (text, process) => ({ text: ` ${process}: ${text}`, stream: 'out' }),
  (text, process) => ({
    text: `\u001b[36m(RayTrainWorker pid=${process + 7}, ip=10.0.0.${process})\u001b[0m ${text}`,
    stream: 'out',
  }),
  (text, process) => ({ text: `[pod/exp-${process}/main] ${text}`, stream: 'out' }),
  (text, process) => ({ text: `node-${process + 1}: ${text}`, stream: 'out' }),
];

test('two processes whose lines are mixed fail as each does alone', () => {
  fc.assert(
    fc.property(
      anySample,
      anySample,
      fc.constantFrom(...separations),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      (first, second, separate, turns) => {
        const mixed = shuffled(first, second, turns).map(([text, process], index) => ({
          number: index + 1,
          ...separate(text, process),
        }));
        const alone = [first, second].flatMap(({ lines }) => outcomes(numbered(lines)));
        expect(outcomes(mixed).toSorted()).toEqual(alone.toSorted());
      },
    ),
    { numRuns: 400 },
  );
});

function shuffled(first: Sample, second: Sample, turns: readonly boolean[]): readonly (readonly [string, 0 | 1])[] {
  const mixed: (readonly [string, 0 | 1])[] = [];
  const left: readonly [string[], string[]] = [[...first.lines], [...second.lines]];
  for (let turn = 0; left[0].length + left[1].length > 0; turn += 1) {
    const process = turns[turn % turns.length] === true ? 1 : 0;
    const wanted = left[process].length > 0 ? process : process === 0 ? 1 : 0;
    const text = left[wanted].shift();
    if (text !== undefined) mixed.push([text, wanted]);
  }
  return mixed;
}

/** What failed, without ranks and line numbers, which the mixing changes. */
const outcomes = (lines: readonly LogLine[]): readonly string[] =>
  scan(lines).map((failure) => {
    const whole = described(failure, undefined, { name: '', lines: [], files: [], roots: [], failures: [] });
    return JSON.stringify(whole, (key, value: unknown) => (key === 'rank' ? undefined : value));
  });

test('failures taken after every line are those taken at the end', () => {
  for (const sample of corpus) {
    const scanner = new FailureScanner();
    for (const line of numbered(sample.lines)) scanner.push(line);
    const atOnce = scanner.end().toSorted((a, b) => a.firstLine - b.firstLine);
    expect(atOnce).toEqual(scan(numbered(sample.lines)));
  }
});

test('a log that falls silent gives what is open, and goes on', () => {
  const scanner = new FailureScanner();
  const [first, ...rest] = numbered([
    'Traceback (most recent call last):',
    '  File "a.py", line 3, in f',
    'OSError: gone',
    'Killed',
  ]);
  if (first !== undefined) scanner.push(first);
  for (const line of rest.slice(0, 2)) scanner.push(line);
  expect(scanner.take()).toEqual([]);
  expect(scanner.end().map(({ type }) => type)).toEqual(['OSError']);
  for (const line of rest.slice(2)) scanner.push(line);
  expect(scanner.end().map(({ type }) => type)).toEqual(['SIGKILL']);
  expect(scanner.end()).toEqual([]);
});

test('a process that fell silent while others went on is done', () => {
  const scanner = new FailureScanner();
  for (const [number, text] of ['Traceback (most recent call last):', 'OSError: gone'].entries()) {
    scanner.push({ number, text, stream: 'a' });
  }
  for (let number = 2; number < 30_000; number += 1) scanner.push({ number, text: 'step', stream: 'b' });
  expect(scanner.take().map(({ type }) => type)).toEqual(['OSError']);
});
