import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { FileSource } from '../../../src/engine/log/fileSource.ts';
import { rawBytes } from '../../../src/engine/log/rawBytes.ts';
import { writeWhole } from '../../../src/engine/writeWhole.ts';
import { workFolder } from '../../fixtures/engine/engineParts.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';

let work: ReturnType<typeof workFolder>;
let folder: string;
const signal = new AbortController().signal;
const ignore = (): void => undefined;

beforeEach(() => {
  work = workFolder();
  folder = join(work.path, 'saved');
  mkdirSync(folder);
});

afterEach(() => {
  work.remove();
});

async function* fromPieces(...pieces: readonly (string | Uint8Array | Error)[]): AsyncIterable<string | Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) {
      throw piece;
    }
    yield piece;
  }
}

test('writes bytes and text as they come, and says how many', async () => {
  const path = join(folder, 'train.log');
  const told: number[] = [];
  await writeWhole(path, fromPieces(Buffer.from([0xff, 10]), 'é\n'), signal, (bytes) => told.push(bytes));
  expect(readFileSync(path)).toEqual(Buffer.from([0xff, 10, 0xc3, 0xa9, 10]));
  expect(told).toEqual([2, 5]);
  expect(readdirSync(folder)).toEqual(['train.log']);
});

test.each([
  ['is cancelled', 'AbortError'],
  ['cannot be read', 'EIO'],
])('one that %s leaves what was there', async (_what, name) => {
  const path = join(folder, 'train.log');
  writeFileSync(path, 'before');
  const cancel = new AbortController();
  const pieces = fromPieces('half', ...(name === 'EIO' ? [new Error('EIO')] : ['the rest']));
  const writing = writeWhole(path, pieces, cancel.signal, () => {
    if (name === 'AbortError') {
      cancel.abort(new DOMException(name, name));
    }
  });
  await expect(writing).rejects.toThrow(name);
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['train.log']);
});

test('a full disk is named with the file, and nothing half is there', async ({ skip }) => {
  const small = join(work.path, 'small');
  const unmount = mountSmallDisk(small, 1);
  if (unmount === undefined) {
    skip('this user may mount no small disk');
    return;
  }
  try {
    const path = join(small, 'train.log');
    writeFileSync(path, 'before');
    await expect(writeWhole(path, fromPieces('fits', Buffer.alloc(3_000_000)), signal, ignore)).rejects.toMatchObject({
      tag: 'invalid',
      message: expect.stringMatching(/disk is full.*train\.log/u),
    });
    expect(readdirSync(small)).toEqual(['train.log']);
    expect(readFileSync(path, 'utf8')).toBe('before');
  } finally {
    unmount();
  }
});

test('a folder that is not there, or in the way, is named', async () => {
  const missing = join(folder, 'none', 'train.log');
  await expect(writeWhole(missing, fromPieces('x'), signal, ignore)).rejects.toMatchObject({
    tag: 'invalid',
    message: expect.stringContaining(missing),
  });
  const inTheWay = join(folder, 'folder');
  mkdirSync(inTheWay);
  await expect(writeWhole(inTheWay, fromPieces('x'), signal, ignore)).rejects.toMatchObject({ tag: 'invalid' });
  expect(readdirSync(folder)).toEqual(['folder']);
});

test('a log can be saved onto itself', async () => {
  const path = join(folder, 'train.log');
  const content = Buffer.alloc(3_000_000, 'step 1\n');
  writeFileSync(path, content);
  const source = new FileSource(path);
  await writeWhole(path, rawBytes(source), signal, ignore);
  await source.close();
  expect(readFileSync(path).equals(content)).toBe(true);
});

test('what a link leads to is written, and the link stays', async () => {
  writeFileSync(join(folder, 'real.log'), 'before');
  symlinkSync('real.log', join(folder, 'link.log'));
  await writeWhole(join(folder, 'link.log'), fromPieces('after'), signal, ignore);
  expect(readFileSync(join(folder, 'real.log'), 'utf8')).toBe('after');
  expect(lstatSync(join(folder, 'link.log')).isSymbolicLink()).toBe(true);
});
