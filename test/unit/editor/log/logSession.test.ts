import { appendFile, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { noFilter } from '../../../../src/core/logRow.ts';
import { LogSession } from '../../../../src/editor/log/logSession.ts';
import { rowsText } from '../../../../src/editor/log/logText.ts';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { type Arrived, ArrivedLog } from '../../../fixtures/log/arrivedLog.ts';
import type { LogState, LogTail, LogToWebview } from '../../../../src/protocol/logView.ts';

const scanScript = fileURLToPath(new URL('../../../../src/engine/log/scan/scanWorker.ts', import.meta.url));
const literal = (text: string) => ({ text, isRegex: false, matchCase: true, wholeWord: false });

let folder: string;
let path: string;
let session: LogSession | undefined;
let messages: LogToWebview[];
/** So often it was told that the viewer has drawn something. */
let drawn: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aloft-session-'));
  path = join(folder, 'train.log');
  messages = [];
  drawn = 0;
});

afterEach(async () => {
  session?.dispose();
  session = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A viewer that paints at once. */
function look(paints = true, log = new OpenLog(new FileSource(path), systemClock, scanScript)): LogSession {
  const opened = new LogSession({
    log,
    post: async (message) => {
      messages.push(message);
      if (message.type === 'logState' && paints) {
        setImmediate(() => {
          opened.painted(message.id);
        });
      }
      return true;
    },
    drawn: () => {
      drawn += 1;
    },
  });
  session = opened;
  return opened;
}

const links = (visible: string) =>
  visible.includes('train.py') ? [{ start: 0, end: 8, path: 'train.py', line: 3 }] : [];

const states = (): readonly { readonly state: LogState; readonly tail: LogTail | null }[] =>
  messages.filter((message) => message.type === 'logState');
const newest = (): LogState | undefined => states().at(-1)?.state;
const revealed = () => messages.findLast((message) => message.type === 'logReveal');
const until = async (holds: () => boolean): Promise<void> => {
  await vi.waitFor(
    () => {
      expect(holds()).toBe(true);
    },
    { timeout: 20_000, interval: 20 },
  );
};
const lines = (count: number, first = 0): string =>
  Array.from({ length: count }, (_, index) => `line ${first + index}\n`).join('');

describe('a viewer of a log', () => {
  test('is left the processor until it has drawn something: errors are looked for after that', async () => {
    await writeFile(path, 'ERROR: out of memory\n');
    const log = new OpenLog(new FileSource(path), systemClock, scanScript);
    const scan = vi.spyOn(log, 'scan');
    const opened = look(false, log);
    await until(() => newest()?.counted === true);
    expect(scan).not.toHaveBeenCalled();
    expect(drawn).toBe(0);
    opened.painted(1);
    opened.painted(2);
    expect(drawn).toBe(1);
    await until(() => messages.some((message) => message.type === 'logMarks' && message.marks.errors === 1));
  });

  test('is told the end, then what is added, with the part of a line that is not complete', async () => {
    await writeFile(path, lines(1_000));
    look();
    await until(() => newest()?.lines === 1_000);
    expect(states().at(-1)?.tail?.rows.at(-1)).toMatchObject({ line: 999, text: 'line 999' });
    await appendFile(path, 'line 1000\nhalf a li');
    await until(() => states().at(-1)?.tail?.partial[0]?.text === 'half a li');
    expect(newest()?.lines).toBe(1_001);
  });

  test('counts, finds and copies a last line without a line feed once nothing more comes', async () => {
    await writeFile(path, `${lines(3)}RuntimeError: no memory`);
    await utimes(path, 1_000, 1_000);
    const opened = look();
    await until(() => newest()?.lines === 4 && newest()?.counted === true);
    expect(states().at(-1)?.tail).toMatchObject({ from: 0, partial: [] });
    opened.find(1, literal('no memory'));
    await until(() => messages.some((message) => message.type === 'logFound' && message.find.matches === 1));
    await until(() => messages.some((message) => message.type === 'logMarks' && message.marks.errors === 1));
    const all = await opened.allRows('log', new AbortController().signal);
    const texts: string[] = [];
    for await (const text of rowsText(opened.log, all ?? opened.rows, 0, 9, false, new AbortController().signal)) {
      texts.push(text);
    }
    expect(texts.join('')).toBe(`${lines(3)}RuntimeError: no memory\n`);
  });

  test('copies lines of any length whole, their colours left out', async () => {
    const red = '\u001b[31m';
    const long = `${red}${'größe '.repeat(400_000)}${red}end`;
    const bar = `${'old '.repeat(600_000)}\r${'new '.repeat(600_000)}`;
    await writeFile(path, `one\n${long}\n${bar}\r\ntwo\n`);
    const opened = look();
    await until(() => newest()?.counted === true);
    const texts: string[] = [];
    for await (const text of rowsText(opened.log, opened.rows, 0, 9, false, new AbortController().signal)) {
      texts.push(text);
    }
    const whole = ['one', `${'größe '.repeat(400_000)}end`, 'new '.repeat(600_000), 'two', ''];
    expect(texts.join('') === whole.join('\n')).toBe(true);
  });

  test('gets the rows it asks for, with their links, and none of a view that is past', async () => {
    await writeFile(path, `${lines(10)}train.py:3\n`);
    const opened = look();
    opened.link(links);
    await until(() => newest()?.counted === true);
    const view = newest()?.view ?? 0;
    await opened.sendRows(view, 9, 256);
    await opened.sendRows(view - 1, 0, 256);
    const answers = messages.filter((message) => message.type === 'logRows');
    expect(answers).toHaveLength(1);
    expect(answers[0]?.rows.map(({ text, links }) => [text, links.length])).toEqual([
      ['line 9', 0],
      ['train.py:3', 1],
    ]);
  });

  test('gets rows without links until these are known, then a view with them', async () => {
    await writeFile(path, `${lines(10)}train.py:3\n`);
    const opened = look();
    await until(() => newest()?.counted === true);
    const { view } = newest() ?? {};
    expect(states().at(-1)?.tail?.rows.at(-1)).toMatchObject({ text: 'train.py:3', links: [] });
    opened.link(links);
    await until(() => newest()?.view !== view);
    expect(states().at(-1)?.tail?.rows.at(-1)?.links).toHaveLength(1);
  });

  test('is sent the end of a long log once while its lines are counted', async () => {
    await writeFile(path, lines(3_000_000));
    look();
    await until(() => newest()?.counted === true);
    const before = states().filter(({ state, tail }) => !state.counted && (tail?.rows.length ?? 0) > 0);
    expect(before.length).toBeLessThanOrEqual(1);
    expect(states().at(-1)?.tail?.rows.at(-1)?.line).toBe(2_999_999);
  });

  test('that does not paint is told no more than two things', async () => {
    await writeFile(path, lines(10));
    look(false);
    await until(() => states().length === 1);
    await appendFile(path, lines(10));
    await until(() => states().length === 2);
    for (let round = 0; round < 5; round += 1) {
      await appendFile(path, lines(10));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(states()).toHaveLength(2);
  });

  test('that may have missed what it was told is told it again', async () => {
    await writeFile(path, lines(20));
    const opened = look(false);
    await until(() => states().length > 0);
    const told = states().length;
    opened.tellAgain();
    await until(() => states().length > told);
    expect(states().at(-1)).toMatchObject({ state: { lines: 20, counted: true }, tail: { from: 0 } });
  });

  test('finds, goes from match to match round the end, and lists the results', async () => {
    await writeFile(path, `${lines(50)}loss 1\n${lines(50)}loss 2\n`);
    const opened = look();
    await until(() => newest()?.counted === true);
    opened.find(1, literal('loss'));
    await until(() => messages.some((message) => message.type === 'logFound' && message.find.done));
    const found = messages.findLast((message) => message.type === 'logFound');
    expect(found?.find).toMatchObject({ id: 1, matches: 2, problem: null });
    for (const [from, backward, row, position] of [
      [-1, false, 50, 0],
      [50, false, 101, 1],
      [101, false, 50, 0],
      [50, true, 101, 1],
    ] as const) {
      await opened.stepFind(from, backward);
      expect(messages.findLast((message) => message.type === 'logStep')).toMatchObject({ row, position });
    }
    await opened.sendResults(1, 0, 10);
    expect(messages.findLast((message) => message.type === 'logResults')?.rows).toEqual([
      { row: 50, line: 50, text: 'loss 1' },
      { row: 101, line: 101, text: 'loss 2' },
    ]);
  });

  test('says why a pattern is none, and goes on', async () => {
    await writeFile(path, lines(5));
    const opened = look();
    opened.find(1, { ...literal('('), isRegex: true });
    await until(() => messages.some((message) => message.type === 'logFound' && message.find.problem !== null));
    opened.filter({ ...noFilter, include: { ...literal('('), isRegex: true } });
    await until(() => newest()?.filterProblem !== null);
    opened.filter(null);
    await until(() => newest()?.filter === null && newest()?.rows === 5);
  });

  test('under a filter shows only what passes, live, and copies just that', async () => {
    await writeFile(path, `${lines(20)}error: \u001b[31mbad\u001b[0m\n${lines(20)}`);
    const opened = look();
    opened.filter({ ...noFilter, include: literal('error') });
    await until(() => newest()?.rows === 1);
    await appendFile(path, 'error: worse\nline\n');
    await until(() => newest()?.rows === 2);
    expect(
      states()
        .at(-1)
        ?.tail?.rows.map(({ line }) => line),
    ).toEqual([20, 41]);
    const texts: string[] = [];
    for await (const text of rowsText(opened.log, opened.rows, 0, 9, true, new AbortController().signal)) {
      texts.push(text);
    }
    expect(texts.join('')).toBe('21  error: bad\n42  error: worse\n');
  });

  test('shows under a filter where something is missing that may have passed it', async () => {
    const arrived = new ArrivedLog(join(folder, 'job'));
    const said = (text: string, time: number): Arrived => ({ stream: 0, bytes: Buffer.from(text), time });
    arrived.append([said('error 1\nfine\n', 10), { gap: 'rotated away', time: 20 }, said('fine\nerror 2\nfine\n', 30)]);
    const opened = look(true, new OpenLog(arrived.source(), systemClock, scanScript));
    const shown = async () => (await opened.read(0, 99)).map(({ text, gap }) => gap ?? text);
    opened.filter({ ...noFilter, include: literal('error') });
    await until(() => newest()?.filtering === false && newest()?.rows === 3);
    expect(await shown()).toEqual(['error 1', 'rotated away', 'error 2']);
    arrived.append([{ gap: 'out of disk', time: 40 }]);
    await until(() => newest()?.rows === 4);
    expect(await shown()).toEqual(['error 1', 'rotated away', 'error 2', 'out of disk']);
    arrived.append([said('fine\nerror 3\n', 50)]);
    await until(() => newest()?.rows === 5);
    expect(await shown()).toEqual(['error 1', 'rotated away', 'error 2', 'out of disk', 'error 3']);
    opened.filter({ ...noFilter, include: literal('nowhere') });
    await until(() => newest()?.filtering === false && newest()?.rows === 2);
    expect(await shown()).toEqual(['rotated away', 'out of disk']);
    opened.filter({ ...noFilter, to: 30 });
    await until(() => newest()?.filtering === false && newest()?.rows === 6);
    expect(await shown()).toEqual(['error 1', 'fine', 'rotated away', 'fine', 'error 2', 'fine']);
  });

  test('shows each missing stretch once, in its place, also around matches', async () => {
    const arrived = new ArrivedLog(join(folder, 'job'));
    const said = (text: string, time: number): Arrived => ({ stream: 0, bytes: Buffer.from(text), time });
    arrived.append([
      said('error 1\nfine 1\n', 10),
      { gap: 'rotated away', time: 20 },
      said('fine 3\nerror 2\nfine 5\nfine 6\nfine 7\n', 30),
      { gap: 'out of disk', time: 40 },
    ]);
    const opened = look(true, new OpenLog(arrived.source(), systemClock, scanScript));
    const shown = async () => (await opened.read(0, 99)).map(({ text, gap }) => gap ?? text);
    for (const exclude of [null, literal('nothing')]) {
      opened.filter({ ...noFilter, include: literal('error'), exclude, context: 2 });
      await until(() => newest()?.filter?.exclude === exclude && newest()?.filtering === false && newest()?.rows === 8);
      expect(await shown()).toEqual([
        'error 1',
        'fine 1',
        'rotated away',
        'fine 3',
        'error 2',
        'fine 5',
        'fine 6',
        'out of disk',
      ]);
    }
    arrived.append([said('error 3\n', 50)]);
    await until(() => newest()?.rows === 10);
    expect((await shown()).slice(-4)).toEqual(['fine 6', 'fine 7', 'out of disk', 'error 3']);
  });

  test('hands out nothing as all that passes a filter when the search for it failed', async () => {
    await writeFile(path, lines(10));
    const log = new OpenLog(new FileSource(path), systemClock, scanScript);
    const opened = look(true, log);
    vi.spyOn(log, 'scan').mockImplementation((_goal, receive) => {
      setImmediate(() => {
        receive({ kind: 'problem', message: 'No memory is left.' });
      });
      return { dispose: () => undefined, rest: () => undefined, ended: Promise.resolve() };
    });
    opened.filter({ ...noFilter, include: literal('9') });
    await expect(opened.allRows('view', new AbortController().signal)).rejects.toThrow('No memory is left.');
  });

  test('hands out all that passes a filter, however long it takes to look at each line', async () => {
    await writeFile(path, lines(300_000));
    const opened = look();
    const { signal } = new AbortController();
    opened.filter({ ...noFilter, include: literal('9999') });
    const all = opened.allRows('view', signal);
    expect(opened.rows.count(0)).toBe(0);
    expect((await all)?.count(0)).toBe(
      Array.from({ length: 300_000 }).filter((_, line) => /9999/u.test(`${line}`)).length,
    );
    opened.filter({ ...noFilter, include: literal('8888') });
    const left = opened.allRows('view', signal);
    const log = opened.allRows('log', signal);
    opened.filter(null);
    expect(await left).toBeNull();
    expect((await log)?.count(300_000)).toBe(300_000);
    opened.filter({ ...noFilter, include: literal('7777') });
    const stopping = new AbortController();
    const stopped = opened.allRows('view', stopping.signal);
    stopping.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    const closed = opened.allRows('view', signal);
    opened.dispose();
    expect(await closed).toBeNull();
  });

  test('waits for nothing of a file that is not there any more, and says so', async () => {
    await writeFile(path, lines(10));
    const opened = look();
    await until(() => newest()?.counted === true);
    await rm(path);
    await until(() => newest()?.problem !== null);
    const gone = 'This file is not there any more.';
    expect(newest()?.problem).toBe(gone);
    const { signal } = new AbortController();
    const rows = await opened.allRows('log', signal);
    const begun = async (pieces: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of pieces) {
        break;
      }
    };
    await expect(begun(rowsText(opened.log, rows ?? opened.rows, 0, 9, false, signal))).rejects.toThrow(gone);
    opened.dispose();
    const late = look();
    await expect(late.allRows('log', signal)).rejects.toThrow(gone);
    await expect(begun(late.log.bytes())).rejects.toThrow(gone);
  });

  test('is told errors, warnings and tracebacks, and goes to the next', async () => {
    const traceback = 'Traceback (most recent call last):\n  File "train.py", line 3, in f\nValueError: no\n';
    await writeFile(path, `${lines(10)}${traceback}WARNING: slow\n${lines(10)}`);
    const opened = look();
    await until(() => messages.some((message) => message.type === 'logMarks' && message.marks.failures === 1));
    await opened.stepMark('failure', -1, false);
    expect(messages.findLast((message) => message.type === 'logStep')).toMatchObject({ row: 10 });
    await opened.stepMark('warning', -1, false);
    expect(messages.findLast((message) => message.type === 'logStep')).toMatchObject({ row: 13 });
  });

  test('is told so too of a log that was read ahead and does not change', async () => {
    await writeFile(path, `[rank3]: ${lines(10)}WARNING: slow\n`);
    const log = new OpenLog(new FileSource(path), systemClock, scanScript);
    void log.follow();
    await until(() => log.outline.counted);
    look(true, log);
    await until(() => messages.some((message) => message.type === 'logMarks' && message.marks.warnings === 1));
    await until(() => newest()?.ranks[0] === 3);
  });

  test('begins anew when the file is cut off, with what is being looked for', async () => {
    await writeFile(path, lines(2_000));
    const opened = look();
    await until(() => newest()?.lines === 2_000);
    opened.find(7, literal('line'));
    const { generation = 0, view = 0 } = newest() ?? {};
    await truncate(path, 0);
    await writeFile(path, lines(3));
    await until(() => newest()?.lines === 3 && newest()?.counted === true);
    expect(newest()?.generation).toBeGreaterThan(generation);
    expect(newest()?.view).toBeGreaterThan(view);
    await until(() => messages.findLast((message) => message.type === 'logFound')?.find.matches === 3);
  });

  test('says when the file is gone', async () => {
    await writeFile(path, lines(3));
    look();
    await until(() => newest()?.lines === 3);
    await rm(path);
    await until(() => newest()?.problem === 'This file is not there any more.');
  });

  test('shows a line from outside as soon as it is counted, also under a filter', async () => {
    await writeFile(path, lines(300));
    const opened = look();
    await opened.reveal(250);
    expect(revealed()).toEqual({ type: 'logReveal', line: 250, found: { row: 250, line: 250 } });
    opened.filter({ ...noFilter, include: literal('line 2') });
    await opened.reveal(250);
    expect(revealed()).toMatchObject({ line: 250, found: { row: 61, line: 250 } });
  });

  test('shows the next line that a filter lets through instead of a hidden one, else the last', async () => {
    await writeFile(path, lines(300));
    const opened = look();
    await until(() => newest()?.counted === true);
    opened.filter({ ...noFilter, include: literal('line 2') });
    await opened.reveal(30);
    expect(revealed()?.found).toEqual({ row: 11, line: 200 });
    await opened.reveal(20);
    expect(revealed()?.found).toEqual({ row: 1, line: 20 });
    await opened.reveal(1_000);
    expect(revealed()?.found).toEqual({ row: 110, line: 299 });
    opened.filter({ ...noFilter, include: literal('nowhere') });
    await opened.reveal(30);
    expect(revealed()?.found).toBeNull();
    opened.filter(null);
    await opened.reveal(30);
    expect(revealed()?.found).toEqual({ row: 30, line: 30 });
  });

  test('shows no line before the viewer knows of its row, and of several wishes only the last', async () => {
    await writeFile(path, lines(50_000));
    const opened = look();
    await until(() => newest()?.counted === true);
    opened.filter({ ...noFilter, include: literal('9') });
    await Promise.all([opened.reveal(1), opened.reveal(49_999), opened.reveal(39_990)]);
    const reveals = messages.filter((message) => message.type === 'logReveal');
    expect(reveals).toMatchObject([{ line: 39_990, found: { line: 39_990 } }]);
    const told = messages.slice(
      0,
      messages.findIndex((message) => message.type === 'logReveal'),
    );
    const before = told.findLast((message) => message.type === 'logState')?.state;
    expect(before?.rows).toBeGreaterThan(reveals[0]?.found?.row ?? Number.NaN);
    expect(before?.filter).not.toBeNull();
  });
});
