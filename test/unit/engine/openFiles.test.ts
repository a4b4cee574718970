import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAt } from '../../../src/engine/logFiles.ts';
import { OpenFiles } from '../../../src/engine/openFiles.ts';
import { workFolder } from '../../fixtures/engine/engineParts.ts';
import { openFilesBelow } from '../../fixtures/log/openFiles.ts';

let work: ReturnType<typeof workFolder>;
let folder: string;

beforeEach(() => {
  work = workFolder();
  folder = join(work.path, 'files');
  mkdirSync(folder);
});

afterEach(() => {
  work.remove();
});

function pathOf(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, name);
  return path;
}

const openToRead = async (path: string) => await open(path, 'r');

describe.runIf(process.platform === 'linux')('files that stay open', () => {
  it('are opened once, and are not more than the most', async () => {
    const files = new OpenFiles(openToRead, 2);
    for (const name of ['a', 'b', 'a', 'c']) {
      const read = await files.use(pathOf(name), async (file) => await readAt(file, 0, 10));
      expect(Buffer.from(read).toString()).toBe(name);
    }
    expect(openFilesBelow(folder)).toEqual(['a', 'c'].map((name) => join(folder, name)));
    await files.close();
    expect(openFilesBelow(folder)).toEqual([]);
  });

  it('are never closed while somebody uses them', async () => {
    const files = new OpenFiles(openToRead, 1);
    const [first, second] = [pathOf('first'), pathOf('second')];
    const text = await files.use(first, async (file) => {
      await files.use(second, async (other) => await other.stat());
      await files.close();
      await files.end();
      return String(await file.readFile());
    });
    expect(text).toBe('first');
    expect(openFilesBelow(folder)).toEqual([]);
  });

  it('are not kept twice when two ask at once', async () => {
    const files = new OpenFiles(openToRead, 5);
    const path = pathOf('a');
    await Promise.all([1, 2, 3].map(async () => await files.use(path, async (file) => await file.stat())));
    expect(openFilesBelow(folder)).toEqual([path]);
    await files.close();
  });

  it('are those that lie there after they were closed, also for who was opening one', async () => {
    const opening = Promise.withResolvers<undefined>();
    const files = new OpenFiles(async (path) => {
      const file = await open(path, 'r');
      await opening.promise;
      return file;
    }, 5);
    const path = pathOf('a');
    const early = files.use(path, async (file) => await file.stat());
    await new Promise((resolve) => setTimeout(resolve, 20));
    renameSync(pathOf('new'), path);
    await files.close();
    opening.resolve(undefined);
    await early;
    expect(await files.use(path, async (file) => String(await file.readFile()))).toBe(readFileSync(path, 'utf8'));
    await files.end();
    expect(openFilesBelow(folder)).toEqual([]);
  });

  it('are open only while they are used after the end', async () => {
    const files = new OpenFiles(openToRead, 5);
    await files.end();
    const path = pathOf('a');
    expect(await files.use(path, async () => openFilesBelow(folder))).toEqual([path]);
    expect(openFilesBelow(folder)).toEqual([]);
  });
});

it('there may be none', async () => {
  const files = new OpenFiles(async () => undefined, 1);
  expect(await files.use('nowhere', async (file) => file)).toBeUndefined();
});
