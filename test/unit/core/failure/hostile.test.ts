import { expect, test } from 'vitest';
import type { Failure } from '../../../../src/core/failure/failure.ts';
import { FailureScanner } from '../../../../src/core/failure/failureScanner.ts';
import { fileReferences } from '../../../../src/core/failure/fileReferences.ts';
import { lineLevel } from '../../../../src/core/failure/level.ts';
import { visibleText } from '../../../../src/core/failure/visibleText.ts';

const KB16 = 16 * 1024;
const units = [
  ' ', '\t', 'File "', '  File "x', 'a.py:1:', 'a.py:', 'a.py:1', ':1', '(1', '(((', '/', '//', '\\', '.', '..', '~', '-', '_', '=', '_ ', '>', '|',
  '  | ', '+-', '\u001b', '\u001b[', '\u001b[31m', '\u001b]', '\u001b]8;;', '\r', '[', ']', '[rank3]:', '[default0]:', '[rank', '0: ', '(a pid=1) ',
  '[pod/a/b] ', 'node-1: ', '1', '1:', '1.', '12:30:45 ', '2024-01-01T00:00:00Z ', 'E0101 ', '[E a.cpp:1] ', 'Error', 'Error: ', 'Error.', 'A.', '<locals>.',
  'error: ', 'ERROR ', '| ERROR ', ' - ERROR -', 'Warning: ', 'slurmstepd: error: ', '*** ', '*** JOB 1 ON ', 'NCCL WARN ', 'a:1:1 [0] ', 'Rank 1] ',
  ': block: [0,0,0]', 'block: ', 'Assertion `', 'failed.', 'Killed ', ' line 1: ', 'Out of memory: ', 'OOMKilled', 'OOMKilled ', 'exitcode: -', 'E   ',
  'Traceback (most recent call last):', 'Traceback ', 'Cell In[1], line ', 'File a.py:1, in ', '│ ', '╭─', '───', '❱', 'é', '\uD83D\uDE00', '\0', '"', "'", 'command not found',
]; // prettier-ignore
const starts = [
  '',
  'Traceback (most recent call last):\n',
  '  File "a.py", line 1, in f\n',
  '___ t ___\n',
  '╭── Traceback (most recent call last) ──╮\n',
  'E       x\n',
  'Fatal Python error: x\n',
];

/** Enough times over that work growing with the square of a line's length does not finish within the test's time. */
test.each([KB16, 16 * KB16])('lines of %d characters of anything are read in time', (length) => {
  for (const unit of units) {
    const line = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    for (const text of [line, `${line}!`, ` ${line}`, `x${line}: 3`]) {
      expect(visibleText(text).length).toBeLessThanOrEqual(text.length);
      expect(['error', 'warning', null]).toContain(lineLevel(text));
      const wrong = fileReferences(text).filter(({ start, end, line: at }) => end <= start || at < 1);
      expect(wrong).toEqual([]);
    }
  }
});

test('a scanner reads any of them after any beginning of a failure', () => {
  for (const start of starts) {
    for (const unit of units) {
      const scanner = new FailureScanner();
      const long = unit.repeat(Math.ceil(KB16 / unit.length));
      const lines = `${start}${long}\n${long}\n  File "b.py", line 2, in g\nOSError: ${long}\n${long}`.split('\n');
      for (const [number, text] of lines.entries()) scanner.push({ number, text, stream: '' });
      for (const failure of scanner.end()) expect(sizeOf(failure)).toBeLessThan(30_000);
    }
  }
});

test('endless tracebacks, messages, chains and processes are held in little memory', () => {
  const scanner = new FailureScanner();
  let number = 0;
  const push = (text: string, stream = 'a'): void => {
    number += 1;
    scanner.push({ number, text, stream });
  };
  push('Traceback (most recent call last):');
  for (let at = 1; at < 50_000; at += 1) push(`  File "a.py", line ${at}, in f`);
  push('OSError: x');
  for (let at = 0; at < 50_000; at += 1) push(`and then ${at}`);
  for (let at = 0; at < 2000; at += 1) {
    push('');
    push('During handling of the above exception, another exception occurred:');
    push('');
    push('Traceback (most recent call last):');
    push(`  File "a.py", line ${at + 1}, in f`);
    push('OSError: y');
  }
  const [failure, ...others] = scanner.end();
  expect(others).toEqual([]);
  expect(failure?.type).toBe('OSError');
  expect(depthOf(failure ?? null)).toBeLessThan(40);
  for (let process = 0; process < 5000; process += 1) push('Traceback (most recent call last):', `task ${process}`);
  for (let process = 0; process < 5000; process += 1) push('OSError: z', `task ${process}`);
  expect(scanner.end().length).toBeLessThanOrEqual(1024);
});

test('the first and the last frames of a deep traceback are kept', () => {
  const scanner = new FailureScanner();
  const frames = Array.from({ length: 5000 }, (_, index) => `  File "a.py", line ${index + 1}, in f`);
  const lines = ['Traceback (most recent call last):', ...frames, 'RecursionError: too deep'];
  for (const [number, text] of lines.entries()) scanner.push({ number, text, stream: '' });
  const kept = scanner.end()[0]?.frames.map(({ line }) => line) ?? [];
  expect(kept.length).toBeLessThanOrEqual(200);
  expect(kept.slice(0, 3)).toEqual([1, 2, 3]);
  expect(kept.at(-1)).toBe(5000);
});

const sizeOf = (failure: Failure): number => JSON.stringify(failure).length;

function depthOf(failure: Failure | null): number {
  let depth = 0;
  for (let at = failure; at !== null; at = at.cause) depth += 1;
  return depth;
}
