import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { ScanWatch, until } from '../../../fixtures/log/openedLog.ts';
import { bundleScanScript } from '../../../fixtures/log/scanScript.ts';

const work = workFolder();
const opened: OpenLog[] = [];
const lines = 700_000;
const every = 1_000;
/** Longer than threads take to begin, in µs of the processor. */
const busy = 700_000;
let script = '';
let path = '';

/** So much that one thread is not left alone with it. */
beforeAll(async () => {
  script = await bundleScanScript(work.path);
  path = join(work.path, 'large.log');
  const filling = 'x'.repeat(100);
  const text = Array.from({ length: lines }, (_, line) =>
    line % every === 7 ? `found ${line} ERROR\n` : `${line} ${filling}\n`,
  );
  writeFileSync(path, text.join(''));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (log) => await log.close()));
});

afterAll(() => {
  work.remove();
});

async function open(): Promise<OpenLog> {
  const log = new OpenLog(new FileSource(path), systemClock, script);
  opened.push(log);
  void log.follow();
  await until(log, () => log.outline.counted);
  return log;
}

const query = { text: 'found', isRegex: false, matchCase: true, wholeWord: false };
const expected = Array.from({ length: lines / every }, (_, index) => index * every + 7);

test('finds every line of a large log in order, and those that come later', async () => {
  const log = await open();
  const watch = new ScanWatch(log, { kind: 'find', query });
  await watch.scanned(lines);
  expect(watch.problem).toBeUndefined();
  expect(watch.lines).toEqual(expected);
  appendFileSync(path, 'found later\n');
  await watch.scanned(lines + 1);
  expect(watch.lines).toEqual([...expected, lines]);
  await watch.ended();
});

test('is given up at once, whatever its threads are busy with', async () => {
  const log = await open();
  const watch = new ScanWatch(log, { kind: 'find', query: { ...query, text: '(?:x+x+)+y', isRegex: true } });
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < busy) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  await watch.ended();
  expect(watch.messages).toEqual([]);
});

test('a thread that cannot begin is a problem that is told once', async () => {
  const log = new OpenLog(new FileSource(path), systemClock, join(work.path, 'none.cjs'));
  opened.push(log);
  void log.follow();
  await until(log, () => log.outline.counted);
  const watch = new ScanWatch(log, { kind: 'find', query });
  await watch.scanned(lines);
  expect(watch.messages).toHaveLength(1);
  expect(watch.problem).toContain('none.cjs');
  await watch.ended();
});
