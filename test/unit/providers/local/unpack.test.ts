import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpack } from '../../../../src/providers/local/supervisor/unpack.ts';

type Entry = Parameters<ReturnType<typeof pack>['entry']>[0] & { readonly text?: string };

let folder = '';
let target = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aloft-unpack-'));
  target = join(folder, 'a', 'work');
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a', 'secret'), 'untouched');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function unpackEntries(entries: readonly Entry[]): Promise<void> {
  const archive = pack();
  for (const { text, ...header } of entries) {
    archive.entry(header, text ?? '');
  }
  archive.finalize();
  const path = join(folder, 'code.tar');
  await writeFile(path, await buffer(archive));
  await unpack(path, target);
}

describe('unpacking', () => {
  it('makes files, folders and links as they were', async () => {
    await unpackEntries([
      { name: './', type: 'directory' },
      { name: 'a/run.sh', mode: 0o755, text: '#!/bin/sh\n' },
      { name: 'a/plain', mode: 0o4444, text: 'p' },
      { name: 'empty/', type: 'directory' },
      { name: 'a/link', type: 'symlink', linkname: '../b/data' },
      { name: 'b/data', text: 'd' },
      { name: `${'long/'.repeat(40)}n\u00e4me with spaces`, text: 'deep' },
    ]);
    expect((await lstat(join(target, 'a/run.sh'))).mode & 0o7777).toBe(0o755);
    expect((await lstat(join(target, 'a/plain'))).mode & 0o7777).toBe(0o644);
    expect(await readlink(join(target, 'a/link'))).toBe('../b/data');
    expect(await readFile(join(target, 'a/link'), 'utf8')).toBe('d');
    expect(await readdir(join(target, 'empty'))).toEqual([]);
    expect(await readFile(join(target, `${'long/'.repeat(40)}n\u00e4me with spaces`), 'utf8')).toBe('deep');
  });

  it.each<[string, Entry[]]>([
    ['a path that climbs', [{ name: '../secret', text: 'x' }]],
    ['a path that climbs inside', [{ name: 'a/../../secret', text: 'x' }]],
    ['an absolute path', [{ name: '/tmp/aloft-escaped', text: 'x' }]],
    ['a link that climbs', [{ name: 'l', type: 'symlink', linkname: '../secret' }]],
    ['an absolute link', [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }]],
    [
      'a file through a link',
      [
        { name: 'd', type: 'symlink', linkname: 'e' },
        { name: 'd/f', text: 'x' },
      ],
    ],
    [
      'a folder through a link',
      [
        { name: 'd', type: 'symlink', linkname: '.' },
        { name: 'd/f/', type: 'directory' },
      ],
    ],
    [
      'a file in place of a link',
      [
        { name: 'd', type: 'symlink', linkname: 'e' },
        { name: 'd', text: 'x' },
      ],
    ],
    [
      'the same file twice',
      [
        { name: 'f', text: 'x' },
        { name: 'f', text: 'y' },
      ],
    ],
    ['a hard link', [{ name: 'h', type: 'link', linkname: '../secret' }]],
    ['a device', [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a pipe', [{ name: 'p', type: 'fifo' }]],
  ])('refuses %s', async (_what, entries) => {
    await expect(unpackEntries(entries)).rejects.toThrow(/code holds|EEXIST/u);
    expect(await readFile(join(folder, 'a', 'secret'), 'utf8')).toBe('untouched');
    expect(existsSync('/tmp/aloft-escaped')).toBe(false);
  });

  it('notices an archive that was cut', async () => {
    const archive = pack();
    archive.entry({ name: 'f' }, 'x'.repeat(5000));
    archive.finalize();
    await writeFile(join(folder, 'code.tar'), (await buffer(archive)).subarray(0, 3000));
    await expect(unpack(join(folder, 'code.tar'), target)).rejects.toThrow(/end/iu);
  });
});
