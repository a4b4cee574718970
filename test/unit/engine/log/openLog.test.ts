import { appendFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LineFilter, noFilter } from '../../../../src/core/logRow.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { ScanWatch, until } from '../../../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../../../fixtures/log/scanScript.ts';

const work = workFolder();
const opened: OpenLog[] = [];
let script = '';

beforeAll(async () => {
  script = await bundleScanScript(work.path);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (log) => await log.close()));
});

afterAll(() => {
  work.remove();
});

function open(path: string): OpenLog {
  const log = new OpenLog(new FileSource(path), systemClock, script);
  opened.push(log);
  void log.follow();
  return log;
}

async function texts(log: OpenLog): Promise<readonly string[]> {
  return (await log.lines.rows(0, 1000)).map(({ text }) => text);
}

const literal = (text: string) => ({ text, isRegex: false, matchCase: true, wholeWord: false });

function find(text: string): Parameters<OpenLog['scan']>[0] {
  return { kind: 'find', query: { text, isRegex: true, matchCase: true, wholeWord: false } };
}

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join('');

test('follows a file as it grows, an unfinished line apart', async () => {
  const path = join(work.path, 'grows.log');
  writeFileSync(path, 'one\ntw');
  const log = open(path);
  await until(log, () => log.outline.counted);
  expect(await texts(log)).toEqual(['one']);
  expect((await log.lines.partial()).map(({ text }) => text)).toEqual(['tw']);
  appendFileSync(path, 'o\nthree\n');
  await until(log, () => log.outline.lines === 3);
  expect(await texts(log)).toEqual(['one', 'two', 'three']);
  expect(log.outline).toMatchObject({ generation: 1, counted: true, bytes: 14, problem: null });
});

/** As if nothing had been written to it for an hour. */
function age(path: string): void {
  const then = Date.now() / 1_000 - 3_600;
  utimesSync(path, then, then);
}

test('once nothing more comes, a last line without a line feed is a line like others, until it goes on', async () => {
  const path = join(work.path, 'rests.log');
  writeFileSync(path, 'one\nRuntimeError: 7 th');
  age(path);
  const log = open(path);
  await until(log, () => log.outline.counted && log.outline.lines === 2);
  expect(await texts(log)).toEqual(['one', 'RuntimeError: 7 th']);
  expect((await log.tail(1)).rows).toMatchObject([{ line: 1, text: 'RuntimeError: 7 th', level: 'error' }]);
  expect(await log.lines.partial()).toEqual([]);
  expect(log.outline.truth).toBe('file');
  const found = new ScanWatch(log, find('7'));
  const filtered = new ScanWatch(log, { kind: 'filter', filter: { ...noFilter, include: literal('7'), context: 1 } });
  const marks = new ScanWatch(log, { kind: 'marks' });
  await Promise.all([found, filtered, marks].map(async (scan) => await scan.scanned(2)));
  expect([found.lines, filtered.lines]).toEqual([[1], [0, 1]]);
  expect(marks.messages.flatMap((message) => (message.kind === 'marks' ? [...message.errors] : []))).toEqual([1]);
  appendFileSync(path, 'ings\n\n\n7\nlast');
  await until(log, () => log.outline.lines === 5);
  await Promise.all([found, filtered].map(async (scan) => await scan.scanned(5)));
  expect(await texts(log)).toEqual(['one', 'RuntimeError: 7 things', '', '', '7']);
  expect((await log.lines.partial()).map(({ text }) => text)).toEqual(['last']);
  expect([found.lines, filtered.lines]).toEqual([
    [1, 4],
    [0, 1, 2, 3, 4],
  ]);
  age(path);
  await until(log, () => log.outline.lines === 6);
  const again = new ScanWatch(log, find('last'));
  await again.scanned(6);
  expect(again.lines).toEqual([5]);
  expect(log.outline.generation).toBe(1);
});

test.each([
  ['shrinks', (path: string): void => truncateSync(path, 7), ['line 0'], 'cut off'],
  [
    'is emptied and written again',
    (path: string): void => writeFileSync(path, numbered(5, 8)),
    ['line 5', 'line 6', 'line 7'],
    'cut off',
  ],
  [
    'is replaced',
    (path: string): void => {
      writeFileSync(`${path}.new`, numbered(50, 100));
      renameSync(`${path}.new`, path);
    },
    Array.from({ length: 50 }, (_, index) => `line ${50 + index}`),
    'another file was put in place',
  ],
  [
    'is written anew at the same size',
    (path: string): void => writeFileSync(path, numbered(0, 30).replaceAll('line', 'LINE'), { flag: 'r+' }),
    Array.from({ length: 30 }, (_, index) => `LINE ${index}`),
    'written anew',
  ],
])('a file that %s is a new generation, and a gap', async (_what, change, after, reason) => {
  const path = join(work.path, 'changed.log');
  writeFileSync(path, numbered(0, 30));
  const log = open(path);
  await until(log, () => log.outline.counted);
  const scan = new ScanWatch(log, find('.'));
  await scan.scanned(30);
  change(path);
  await until(log, () => log.outline.generation === 2 && log.outline.counted && log.outline.lines === after.length);
  expect(await texts(log)).toEqual(after);
  const { truth, gaps } = log.outline;
  expect([truth, gaps.length]).toEqual(['gap', 1]);
  expect(gaps[0]?.reason).toContain(reason);
  expect(gaps[0]?.to).toBeGreaterThanOrEqual(gaps[0]?.from ?? Infinity);
  const messages = scan.messages.length;
  const again = new ScanWatch(log, find('.'));
  await again.scanned(after.length);
  expect(again.lines).toHaveLength(after.length);
  expect(scan.messages).toHaveLength(messages);
});

test('a file that is deleted is a problem until it is there again', async () => {
  const path = join(work.path, 'deleted.log');
  writeFileSync(path, 'a\nb\n');
  const log = open(path);
  await until(log, () => log.outline.lines === 2);
  rmSync(path);
  await until(log, () => log.outline.problem !== null);
  expect(log.outline.problem).toBe('This file is not there any more.');
  writeFileSync(path, 'new\n');
  await until(log, () => log.outline.problem === null && log.outline.lines === 1);
  expect(await texts(log)).toEqual(['new']);
});

test('shows the end of a large file before it is counted, then with numbers', async () => {
  const path = join(work.path, 'large.log');
  writeFileSync(path, numbered(0, 400_000));
  const log = open(path);
  await until(log, () => true);
  const first = await new Promise<Awaited<ReturnType<OpenLog['tail']>>>((resolve, reject) => {
    const subscription = log.onDidChange(() => {
      subscription.dispose();
      log.tail(2).then(resolve, reject);
    });
  });
  expect(first.from).toBeNull();
  expect(first.rows.map(({ line, text }) => [line, text])).toEqual([
    [-1, 'line 399998'],
    [-1, 'line 399999'],
  ]);
  await until(log, () => log.outline.counted);
  expect((await log.tail(1)).rows.map(({ line, text }) => [line, text])).toEqual([[399_999, 'line 399999']]);
});

test('a scan goes on as the log grows, and gives each line once and in order', async () => {
  const path = join(work.path, 'live.log');
  writeFileSync(path, '');
  const log = open(path);
  const scan = new ScanWatch(log, find('7'));
  let lines = 0;
  for (let round = 1; round <= 40; round += 1) {
    const end = lines + round * 500;
    const text = numbered(lines, end);
    // Somewhere in the middle of a line.
    appendFileSync(path, text.slice(0, text.length - 3));
    await turn();
    appendFileSync(path, text.slice(text.length - 3));
    lines = end;
  }
  await until(log, () => log.outline.lines === lines);
  await scan.scanned(lines);
  expect(scan.lines).toEqual(
    Array.from({ length: lines }, (_, line) => line).filter((line) => `${line}`.includes('7')),
  );
});

test('a scan that is told to rest goes on afterwards, and leaves nothing out', async () => {
  const path = join(work.path, 'resting.log');
  writeFileSync(path, numbered(0, 200_000));
  const log = open(path);
  await until(log, () => log.outline.counted);
  const scan = new ScanWatch(log, find('777'));
  const started = performance.now();
  scan.rest(400);
  await scan.scanned(200_000);
  expect(performance.now() - started).toBeGreaterThan(300);
  expect(scan.lines).toEqual(
    Array.from({ length: 200_000 }, (_, line) => line).filter((line) => `${line}`.includes('777')),
  );
});

test('a pattern that would take for ever is given up at once, and holds nobody up', async () => {
  const path = join(work.path, 'trap.log');
  writeFileSync(path, `${'a'.repeat(40)}!\n`.repeat(100));
  const log = open(path);
  await until(log, () => log.outline.counted);
  const scan = new ScanWatch(log, find('(a+)+$'));
  for (let turns = 0; turns < 1000; turns += 1) {
    await turn();
  }
  await scan.ended();
  const next = new ScanWatch(log, find('a!'));
  await next.scanned(100);
  expect(next.lines).toHaveLength(100);
  expect(scan.messages).toEqual([]);
});

test('a pattern that is none is a problem', async () => {
  const path = join(work.path, 'invalid.log');
  writeFileSync(path, 'a\n');
  const log = open(path);
  const scan = new ScanWatch(log, find('('));
  await scan.scanned(1);
  expect(scan.problem).toContain('Invalid regular expression');
});

test('looks through all of a very long line', async () => {
  const path = join(work.path, 'long.log');
  const long = `${'x'.repeat(3 * 1024 * 1024)} needle and\u001b[31m thread ${'y'.repeat(1024 * 1024)} 7`;
  writeFileSync(path, `needle\n${long}\nnone\n${long}`);
  age(path);
  const log = open(path);
  await until(log, () => log.outline.counted && log.outline.lines === 4);
  const filtered = (filter: Partial<LineFilter>): Parameters<OpenLog['scan']>[0] => ({
    kind: 'filter',
    filter: { ...noFilter, ...filter },
  });
  for (const [goal, lines] of [
    [{ kind: 'find', query: literal('needle') }, [0, 1, 3]],
    [{ kind: 'find', query: { ...literal('thread'), wholeWord: true } }, [1, 3]],
    [find(String.raw`and thread y+ \d$`), [1, 3]],
    [find(String.raw`^needle$`), [0]],
    [filtered({ include: literal('needle'), exclude: literal('thread') }), [0]],
    [filtered({ exclude: literal('7') }), [0, 2]],
  ] as const) {
    const scan = new ScanWatch(log, goal);
    await scan.scanned(4);
    expect(scan.lines).toEqual(lines);
    expect(scan.messages.some(({ kind }) => kind === 'partial')).toBe(false);
    scan.dispose();
  }
});
