import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished, vi } from 'vitest';

import { FileSource } from '../../../src/engine/log/fileSource.ts';
import { failuresAtEnd } from '../../../src/engine/runFailures.ts';

const traceback = [
  'Traceback (most recent call last):',
  '  File "/home/ada/project/train.py", line 9, in <module>',
  '    step([1, 2, 3])',
];

async function failuresIn(text: string, signal = new AbortController().signal) {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-failures-'));
  const path = join(folder, 'job.log');
  await writeFile(path, text);
  const source = new FileSource(path);
  onTestFinished(async () => {
    await source.close();
    await rm(folder, { recursive: true });
  });
  return await failuresAtEnd(source, join(folder, 'index.json'), signal);
}

it('reads the failures near the end, with their lines in the whole log', async () => {
  const before = Array.from({ length: 30_000 }, (_, index) => `step ${index}`);
  const early = [...traceback, 'ValueError: long ago'];
  const [last, ...others] = await failuresIn(
    [...early, ...before, ...traceback, 'RuntimeError: shape mismatch', ''].join('\n'),
  );
  expect(others).toEqual([]);
  expect(last).toMatchObject({ type: 'RuntimeError', message: 'shape mismatch', firstLine: 30_004, lastLine: 30_007 });
  expect(last?.frames).toMatchObject([{ path: '/home/ada/project/train.py', line: 9, logLine: 30_005 }]);
});

it('reads a last line that has no end', async () => {
  expect(await failuresIn([...traceback, 'RuntimeError: cut'].join('\n'))).toMatchObject([
    { type: 'RuntimeError', message: 'cut', lastLine: 3 },
  ]);
});

it('finds nothing in an empty log', async () => {
  expect(await failuresIn('')).toEqual([]);
});

it('ends when nobody waits for it any more', async () => {
  const reason = new DOMException('closed', 'AbortError');
  await expect(failuresIn('step 1\n', AbortSignal.abort(reason))).rejects.toBe(reason);
});

it('counts a large log once, also when that was broken off', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-failures-'));
  const path = join(folder, 'job.log');
  const line = `${'x'.repeat(999)}\n`;
  await writeFile(path, `${line.repeat(40_000)}${[...traceback, 'RuntimeError: at last', ''].join('\n')}`);
  const breakOff = new AbortController();
  const read: number[] = [];
  const ask = async (signal: AbortSignal) => {
    const source = new FileSource(path);
    const arrivals = vi.spyOn(source, 'arrivals').mockImplementation(async (from) => {
      const found = await FileSource.prototype.arrivals.call(source, from);
      if (arrivals.mock.calls.length === 15) {
        breakOff.abort();
      }
      return found;
    });
    try {
      return await failuresAtEnd(source, join(folder, 'index.json'), signal);
    } finally {
      read.push(arrivals.mock.calls.length);
      await source.close();
    }
  };
  onTestFinished(async () => {
    await rm(folder, { recursive: true });
  });
  await expect(ask(breakOff.signal)).rejects.toThrow('aborted');
  const { signal } = new AbortController();
  for (let round = 0; round < 2; round += 1) {
    expect(await ask(signal)).toMatchObject([{ type: 'RuntimeError', message: 'at last', firstLine: 40_000 }]);
  }
  // Of 20 portions of 2 MB those that a saved index covers, all but 16 MB, are not read again.
  const [brokenOff = 0, ...after] = read;
  expect(brokenOff).toBe(15);
  expect(after.filter((count) => count > 10)).toEqual([]);
});
