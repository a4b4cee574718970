import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { FileSource } from '../../../../src/engine/log/fileSource.ts';
import { logStart } from '../../../../src/engine/log/lineReplay.ts';
import type { LogSource } from '../../../../src/engine/log/logSource.ts';
import { OpenLog } from '../../../../src/engine/log/openLog.ts';
import { rawBytes } from '../../../../src/engine/log/rawBytes.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { workFolder } from '../../../fixtures/engine/engineParts.ts';
import { type Arrived, ArrivedLog, arrivals, plainRows, streams } from '../../../fixtures/log/arrivedLog.ts';
import { openFilesBelow } from '../../../fixtures/log/openFiles.ts';
import { until } from '../../../fixtures/log/openedLog.ts';

const work = workFolder();
let logs = 0;

afterAll(() => {
  work.remove();
});

function newPath(): string {
  logs += 1;
  return join(work.path, String(logs));
}

async function bytesOf(source: LogSource): Promise<Buffer> {
  await source.look(logStart, { head: new Uint8Array(), tail: new Uint8Array() });
  const pieces: Uint8Array[] = [];
  for await (const piece of rawBytes(source)) {
    pieces.push(piece);
  }
  await source.close();
  return Buffer.concat(pieces);
}

/** Lines in the order of the log, then what is unfinished. */
function expected(arrived: readonly Arrived[]): Buffer {
  const lines = plainRows(arrived).flatMap(({ bytes, gap }) => (gap === null ? [bytes, Buffer.from('\n')] : []));
  const unfinished = streams
    .map((_, stream) => {
      const own = arrived.flatMap((one) => ('gap' in one || one.stream !== stream ? [] : [one.bytes]));
      const all = Buffer.concat(own);
      return all.subarray(all.lastIndexOf(10) + 1).toString('latin1');
    })
    .filter((text) => text !== '');
  return Buffer.concat([...lines, Buffer.from(unfinished.join('\n'), 'latin1')]);
}

test.each([
  ['nothing', Buffer.alloc(0)],
  ['colours and a line without an end', Buffer.from('\u001B[31mred\u001B[0m\nstep 1\rstep 2\rstep 3')],
  ['what is no UTF-8, other line ends and zeros', Buffer.from([0xff, 0xfe, 13, 10, 0, 0xc3, 10, 13, 10, 0xef, 0xbb])],
  ['more than is read at once', Buffer.alloc(3_000_001, 'a long line ')],
])('a file is given byte for byte: %s', async (_what, content) => {
  const path = newPath();
  writeFileSync(path, content);
  expect((await bytesOf(new FileSource(path))).equals(content)).toBe(true);
});

test('of several streams whole lines are given in the order of the log', async () => {
  const log = new ArrivedLog(newPath());
  log.append([
    { stream: 0, time: 0, bytes: Buffer.from('\u001B[32mfirst') },
    { stream: 1, time: 1, bytes: Buffer.from('warn\xFF\n10%', 'latin1') },
    { gap: 'lost', time: 2 },
    { stream: 0, time: 3, bytes: Buffer.from(' line\r\nopen') },
    { stream: 1, time: 4, bytes: Buffer.from('\r20%\nlast') },
  ]);
  expect((await bytesOf(log.source())).toString('latin1')).toBe(
    'warn\xFF\n\u001B[32mfirst line\r\n10%\r20%\nopen\nlast',
  );
});

test('whatever the portions in which it arrived, nothing is lost or torn', async () => {
  const byte = fc.constantFrom(10, 10, 13, 0, 97, 27, 0xc3, 0xff);
  const bytes = fc.array(byte, { minLength: 1, maxLength: 40 }).map((list) => Uint8Array.from(list));
  await fc.assert(
    fc.asyncProperty(arrivals(bytes, 60), async (arrived) => {
      const log = new ArrivedLog(newPath());
      log.append(arrived);
      expect((await bytesOf(log.source())).equals(expected(arrived))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('lines that are longer than what is read at once stay whole', async () => {
  const arrived = Array.from({ length: 40 }, (_, time): Arrived => ({
    stream: time % 3,
    time,
    bytes: Buffer.from(`${String(time).repeat(150_000)}${time % 9 === 8 ? '\n' : ''}`),
  }));
  const log = new ArrivedLog(newPath());
  log.append(arrived);
  expect((await bytesOf(log.source())).equals(expected(arrived))).toBe(true);
});

test('a file that is cut off meanwhile is an error', async () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(9_000_000, 'x'));
  const source = new FileSource(path);
  const pieces = rawBytes(source)[Symbol.asyncIterator]();
  await pieces.next();
  truncateSync(path, 10);
  await expect(pieces.next()).rejects.toThrow(/bytes of the log are gone/u);
  await source.close();
});

test('a log that is written anew meanwhile is an error, and one that grows is none', async () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(9_000_000, 'line\n'));
  const log = new OpenLog(new FileSource(path), systemClock, 'none');
  const following = log.follow();
  await until(log, () => log.outline.counted);
  const pieces = log.bytes()[Symbol.asyncIterator]();
  await pieces.next();
  appendFileSync(path, 'more\n');
  await until(log, () => log.outline.lines === 1_800_001);
  await pieces.next();
  writeFileSync(`${path}.new`, Buffer.alloc(9_000_000, 'other\n'));
  renameSync(`${path}.new`, path);
  await until(log, () => log.outline.generation === 2);
  await expect(pieces.next()).rejects.toThrow('The log was written anew meanwhile.');
  await log.close();
  await following;
});

test('a log that is closed meanwhile is given whole, and leaves no file open', async ({ skip }) => {
  if (process.platform !== 'linux') {
    skip('open files can only be counted on Linux');
  }
  const path = newPath();
  writeFileSync(path, Buffer.alloc(9_000_000, 'line\n'));
  const log = new OpenLog(new FileSource(path), systemClock, 'none');
  const following = log.follow();
  await until(log, () => log.outline.counted);
  const given: Uint8Array[] = [];
  for await (const piece of log.bytes()) {
    given.push(piece);
    await log.close();
  }
  await following;
  expect(Buffer.concat(given).equals(readFileSync(path))).toBe(true);
  expect(openFilesBelow(work.path)).toEqual([]);
});
