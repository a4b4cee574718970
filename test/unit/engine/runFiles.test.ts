import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import type { SnapshotId } from '../../../src/core/job.ts';
import { openRunFiles, type RunFiles } from '../../../src/engine/runFiles.ts';
import { makeSnapshot } from '../../../src/engine/snapshot/makeSnapshot.ts';

async function setup() {
  const base = await mkdtemp(join(tmpdir(), 'aloft-run-files-'));
  onTestFinished(async () => {
    await rm(base, { recursive: true });
  });
  const folder = join(base, 'lab');
  await mkdir(join(folder, 'model'), { recursive: true });
  await writeFile(join(folder, 'model', 'layers.py'), 'width = 4\n');
  await writeFile(join(folder, 'weights.bin'), new Uint8Array([1, 0, 2]));
  await writeFile(join(folder, 'large.txt'), 'x'.repeat(4 * 1024 ** 2 + 1));
  await symlink('model/layers.py', join(folder, 'same.py'));
  const { snapshot } = await makeSnapshot(
    folder,
    { storeFolder: base, cacheFolder: join(base, 'cache'), include: [] },
    new AbortController().signal,
    () => undefined,
  );
  const open = async (codeFolder: string | null): Promise<RunFiles> =>
    await openRunFiles(base, snapshot.id, codeFolder, '.');
  return { base, folder, open };
}

it('gives the text of a file as it was when it was submitted', async () => {
  const { folder, open } = await setup();
  await writeFile(join(folder, 'model', 'layers.py'), 'width = 5\n');
  const files = await open(null);
  expect([...files.paths].toSorted()).toEqual(['large.txt', 'model/layers.py', 'weights.bin']);
  expect(await files.text('model/layers.py')).toBe('width = 4\n');
});

it('gives nothing that is no text, is too long, a link, or not of the run', async () => {
  const { open } = await setup();
  const files = await open(null);
  for (const path of ['weights.bin', 'large.txt', 'same.py', '../lab/model/layers.py', '/etc/passwd', '']) {
    expect(await files.text(path)).toBeNull();
  }
});

it('knows a folder by its real path as well', async () => {
  const { base, open } = await setup();
  const real = join(await realpath(base), 'work');
  await mkdir(real);
  await symlink(real, join(base, 'link'));
  expect((await open(join(base, 'link'))).roots).toEqual([join(base, 'link'), real]);
  expect((await open(join(base, 'gone'))).roots).toEqual([join(base, 'gone')]);
  expect((await open(null)).roots).toEqual([]);
});

it('rejects when the code is not on this machine any more', async () => {
  const { base } = await setup();
  const gone = openRunFiles(base, '0'.repeat(64) as SnapshotId, null, '.');
  await expect(gone).rejects.toMatchObject({ tag: 'notFound' });
});
