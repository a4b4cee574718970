import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Handle, OutputFile } from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { fetchOutputs } from '../../../src/engine/outputs.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';
import { readTree } from '../../fixtures/snapshot/tree.ts';

const handle: Handle = { id: 'h', data: {} };
const signal = new AbortController().signal;
const quiet = (): void => undefined;

let base = '';
let destination = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'aloft-outputs-'));
  destination = join(base, 'results', 'run');
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

/** A backend that holds these files and hands them out in chunks of `chunkBytes`. */
function backend(files: Readonly<Record<string, string>>, chunkBytes = 3) {
  return {
    async *readOutput(_: Handle, path: string) {
      const bytes = Buffer.from(files[path] ?? '');
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        yield bytes.subarray(at, at + chunkBytes);
      }
    },
  };
}

function listed(files: Readonly<Record<string, string>>): OutputFile[] {
  return Object.entries(files).map(([path, content]) => ({
    path,
    bytes: Buffer.byteLength(content),
    modifiedAt: null,
  }));
}

const fetchAll = (files: Readonly<Record<string, string>>, overwrite = false) =>
  fetchOutputs(backend(files), handle, listed(files), destination, signal, quiet, { overwrite });

const contents = () =>
  Object.fromEntries(
    Object.entries(readTree(destination)).map(([path, node]) => [path, 'content' in node ? node.content : node]),
  );

describe('fetchOutputs', () => {
  test('puts every file where it belongs and tells how far it is', async () => {
    const files = {
      'a.txt': 'hello',
      'checkpoints/last/model.bin': '0123456789',
      empty: '',
      '-rf': 'x',
      'line\nbreak': 'y',
    };
    const progress: number[] = [];
    const result = await fetchOutputs(
      backend(files),
      handle,
      listed(files),
      destination,
      signal,
      ({ bytes, totalBytes }) => {
        expect(totalBytes).toBe(17);
        progress.push(bytes);
      },
    );
    expect(contents()).toEqual(files);
    expect(result).toEqual({ written: Object.keys(files), unchanged: [], conflicts: [] });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(17);
  });

  test('leaves other content alone unless told to overwrite', async () => {
    await fetchAll({ same: 'same', other: 'old', folder: 'x' });
    rmSync(join(destination, 'folder'));
    mkdirSync(join(destination, 'folder'));
    const files = { same: 'same', other: 'new', folder: 'x', fresh: 'fresh' };
    expect(await fetchAll(files)).toEqual({ written: ['fresh'], unchanged: ['same'], conflicts: ['other', 'folder'] });
    expect(readFileSync(join(destination, 'other'), 'utf8')).toBe('old');
    expect(await fetchAll(files, true)).toEqual({
      written: ['other'],
      unchanged: ['same', 'fresh'],
      conflicts: ['folder'],
    });
    expect(readFileSync(join(destination, 'other'), 'utf8')).toBe('new');
  });

  test.each(['../escaped', '/etc/cron.d/x', 'a/../../b', 'C:\\x', '..\\x', 'a\0b', '', '.'])(
    'refuses %j before anything is fetched',
    async (path) => {
      const attempt = fetchAll({ 'good.txt': 'x', [path]: 'evil' });
      await expect(attempt).rejects.toMatchObject({
        tag: 'invalid',
        message: expect.stringContaining(JSON.stringify(path)),
      });
      expect(readdirSync(base)).toEqual([]);
    },
  );

  test('writes nothing outside, whatever the names are', async () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', 'a', 'b', '\\', 'c:', '~'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        await fetchAll({ [parts.join('/')]: 'x' }, true).catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'ProviderError' });
        });
        expect(readdirSync(base).filter((name) => name !== 'results')).toEqual([]);
        expect(existsSync(join(base, 'results')) ? readdirSync(join(base, 'results')) : ['run']).toEqual(['run']);
        rmSync(join(base, 'results'), { recursive: true, force: true });
      }),
      { numRuns: 150 },
    );
  });

  test('goes through no link that leads out, and writes through none', async () => {
    mkdirSync(join(base, 'outside'));
    writeFileSync(join(base, 'outside', 'precious'), 'precious');
    mkdirSync(join(destination, 'inside'), { recursive: true });
    symlinkSync('../../outside', join(destination, 'out'));
    symlinkSync('inside', join(destination, 'in'));
    symlinkSync('../../outside/precious', join(destination, 'file'));
    await expect(fetchAll({ 'out/deep/x': 'evil' })).rejects.toMatchObject({
      tag: 'invalid',
      message: expect.stringContaining('outside'),
    });
    expect(readdirSync(join(base, 'outside'))).toEqual(['precious']);
    await fetchAll({ 'in/x': 'fine' });
    expect(readFileSync(join(destination, 'inside/x'), 'utf8')).toBe('fine');
    expect((await fetchAll({ file: 'evil' })).conflicts).toEqual(['file']);
    expect((await fetchAll({ file: 'evil' }, true)).written).toEqual(['file']);
    expect(readFileSync(join(base, 'outside', 'precious'), 'utf8')).toBe('precious');
    expect(lstatSync(join(destination, 'file')).isFile()).toBe(true);
  });

  test('keeps nothing of a file that ends early or breaks off', async () => {
    const short = fetchOutputs(
      backend({ a: 'abc' }),
      handle,
      [{ path: 'a', bytes: 10, modifiedAt: null }],
      destination,
      signal,
      quiet,
    );
    await expect(short).rejects.toMatchObject({
      tag: 'transient',
      message: expect.stringMatching(/3 of the 10 bytes of a/u),
    });
    const broken = {
      async *readOutput() {
        yield Buffer.from('half');
        throw new ProviderError('transient', 'connection lost');
      },
    };
    const attempt = fetchOutputs(
      broken,
      handle,
      [{ path: 'd/a', bytes: 10, modifiedAt: null }],
      destination,
      signal,
      quiet,
    );
    await expect(attempt).rejects.toMatchObject({ message: 'connection lost' });
    expect(readTree(destination)).toEqual({});
  });

  test('stops with the reason of the signal and leaves nothing half there', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const files = { whole: 'abc', half: 'x'.repeat(1000) };
    const attempt = fetchOutputs(backend(files), handle, listed(files), destination, controller.signal, ({ bytes }) => {
      if (bytes > 100) {
        controller.abort(reason);
      }
    });
    await expect(attempt).rejects.toBe(reason);
    expect(contents()).toEqual({ whole: 'abc' });
  });

  test('a file in the way of a folder is named', async () => {
    await fetchAll({ a: 'x' });
    await expect(fetchAll({ 'a/b': 'y' })).rejects.toMatchObject({
      tag: 'invalid',
      message: expect.stringContaining(join('a', 'b')),
    });
  });

  test('a full disk is named with the file, and nothing half is there', async ({ skip }) => {
    const small = join(base, 'small');
    const unmount = mountSmallDisk(small, 1);
    if (unmount === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    try {
      const files = { 'small.txt': 'fits', 'large.bin': 'x'.repeat(3_000_000) };
      const attempt = fetchOutputs(backend(files, 65_536), handle, listed(files), small, signal, quiet);
      await expect(attempt).rejects.toMatchObject({
        tag: 'invalid',
        message: expect.stringMatching(/disk is full.*large\.bin/u),
      });
      expect(readdirSync(small)).toEqual(['small.txt']);
    } finally {
      unmount();
    }
  });
});
