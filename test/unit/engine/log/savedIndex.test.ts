import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { LogIndex } from '../../../../src/engine/log/logIndex.ts';
import { LogLines } from '../../../../src/engine/log/logLines.ts';
import type { LogSource } from '../../../../src/engine/log/logSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { loadIndex, savedIndexFile, saveIndex } from '../../../../src/engine/log/savedIndex.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { ArrivedLog } from '../../../fixtures/log/arrivedLog.ts';
import { numberedLines, numberOf } from '../../../fixtures/log/numberedLines.ts';
import { until } from '../../../fixtures/log/openedLog.ts';

const work = workFolder();
const lines = 50_000;
let logs = 0;

afterAll(() => {
  work.remove();
});

async function indexed(source: LogSource, index: LogIndex): Promise<void> {
  await source.look(index.end, index.edges);
  while (await index.advance()) {
    // Until nothing more has arrived.
  }
}

/** A log of some blocks whose index is saved. */
async function savedLog(): Promise<{ readonly path: string; readonly file: string }> {
  logs += 1;
  const path = join(work.path, `${logs}.log`);
  const file = savedIndexFile(join(work.path, 'cache'), path);
  writeFileSync(path, numberedLines(0, lines));
  const source = new FileSource(path);
  const index = new LogIndex(source);
  await indexed(source, index);
  await saveIndex(file, source.files, index);
  await source.close();
  return { path, file };
}

test('a log is taken up where its index ended, and only what was added is read', async () => {
  const { path, file } = await savedLog();
  appendFileSync(path, numberedLines(lines, lines + 10));
  const source = new FileSource(path);
  const saved = await loadIndex(file, source.files);
  expect(saved?.end.line).toBe(lines);
  const index = new LogIndex(source);
  if (saved !== undefined) {
    await index.restore(saved);
  }
  expect(await source.look(index.end, index.edges)).toBe('grown');
  expect(await source.arrivals(index.end)).toMatchObject([{ bytes: 400 }]);
  await indexed(source, index);
  expect(index.lines).toBe(lines + 10);
  const rows = new LogLines(source, index);
  for (const line of [0, 12_345, lines - 1, lines, lines + 9]) {
    expect((await rows.rows(line, 1)).map(({ text }) => numberOf(text))).toEqual([line]);
  }
  await source.close();
});

test.each([
  ['begins otherwise', (path: string): void => writeAt(path, 'LINE', 0)],
  ['ended otherwise', (path: string): void => writeAt(path, 'X', lines * 40 - 3)],
  [
    'is otherwise in the middle, and as long',
    (path: string): void => {
      writeAt(path, 'X', lines * 20);
      utimesSync(path, 2_000, 2_000);
    },
  ],
  ['is shorter', (path: string): void => truncateSync(path, lines * 40 - 1)],
  [
    'is another file',
    (path: string): void => {
      copyFileSync(path, `${path}.copy`);
      renameSync(path, `${path}.old`);
      renameSync(`${path}.copy`, path);
    },
  ],
  ['is gone', (path: string): void => renameSync(path, `${path}.away`)],
])('what was saved of a log that %s is ignored', async (_what, change) => {
  const { path, file } = await savedLog();
  expect(await loadIndex(file, new FileSource(path).files)).toBeDefined();
  change(path);
  expect(await loadIndex(file, new FileSource(path).files)).toBeUndefined();
});

/** In place: the file stays the same. */
function writeAt(path: string, text: string, position: number): void {
  const bytes = readFileSync(path);
  bytes.write(text, position);
  writeFileSync(path, bytes);
}

test('what was saved of a log that had grown meanwhile and was then cut is ignored', async () => {
  const path = join(work.path, 'cut.log');
  const file = savedIndexFile(join(work.path, 'cache'), path);
  writeFileSync(path, numberedLines(0, lines));
  const source = new FileSource(path);
  const index = new LogIndex(source);
  await indexed(source, index);
  appendFileSync(path, numberedLines(lines, lines + 10));
  await saveIndex(file, source.files, index);
  await source.close();
  expect((await loadIndex(file, source.files))?.end.line).toBe(lines);
  truncateSync(path, lines * 40);
  expect(await loadIndex(file, source.files)).toBeUndefined();
});

test('what is no index is ignored', async () => {
  const { path, file } = await savedLog();
  const { files } = new FileSource(path);
  const good = readFileSync(file, 'utf8');
  for (const bad of ['', 'null', good.slice(0, -5), good.replace('"version":4', '"version":0'), '{"marks":[[1]]}']) {
    writeFileSync(file, bad);
    expect(await loadIndex(file, files)).toBeUndefined();
  }
  expect(await loadIndex(`${file}.none`, files)).toBeUndefined();
});

test('the log of a job is taken up in all its streams, unless its order was written anew', async () => {
  const folder = join(work.path, 'job');
  const log = new ArrivedLog(folder);
  const arrived = [0, 1, 2, 0, 1].map((stream, time) => ({ stream, time, bytes: Buffer.from(`${time} a\n${time} b`) }));
  log.append(arrived);
  log.append([{ gap: 'rotated away', time: 5 }]);
  log.append(arrived);
  const source = log.source();
  const index = new LogIndex(source);
  await indexed(source, index);
  expect(index.gaps).toEqual([{ line: 5, gap: 0 }]);
  const file = join(folder, 'index.json');
  await saveIndex(file, source.files, index);
  const saved = await loadIndex(file, source.files);
  expect(saved).toEqual({ marks: index.marks, end: index.end, gaps: index.gaps });
  const another = new LogIndex(source);
  await another.restore(saved ?? index);
  expect(another.gaps).toEqual(index.gaps);
  another.clear();
  expect(another.gaps).toEqual([]);
  writeAt(join(folder, 'order'), '?', 20);
  expect(await loadIndex(file, source.files)).toBeUndefined();
  await source.close();
});

test('an open log saves its index once there is something to save, and uses it the next time', async () => {
  const path = join(work.path, 'open.log');
  const file = join(work.path, 'not', 'there', 'yet', 'index.json');
  const many = 500_000;
  writeFileSync(path, numberedLines(0, many));
  for (const generation of [1, 1]) {
    const source = new FileSource(path);
    const log = new OpenLog(source, systemClock, 'none', file);
    const following = log.follow();
    await until(log, () => log.outline.counted);
    expect(log.outline).toMatchObject({ generation, lines: many });
    expect((await log.lines.rows(many - 1, 1)).map(({ text }) => numberOf(text))).toEqual([many - 1]);
    await log.close();
    await following;
    expect((await loadIndex(file, source.files))?.end.line).toBe(many);
  }
});

test('a folder that cannot be written is no problem', async () => {
  const path = join(work.path, 'unsaved.log');
  mkdirSync(join(work.path, 'blocked.json'));
  writeFileSync(path, numberedLines(0, 500_000));
  const log = new OpenLog(new FileSource(path), systemClock, 'none', join(work.path, 'blocked.json'));
  const following = log.follow();
  await until(log, () => log.outline.counted);
  expect(log.outline).toMatchObject({ lines: 500_000, problem: null });
  await log.close();
  await following;
});
