import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { sourceFile } from '../../../../src/editor/failures/sourceFile.ts';

async function lab(): Promise<{ readonly base: string; readonly folder: string }> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-source-'));
  onTestFinished(async () => {
    await rm(base, { recursive: true });
  });
  const folder = join(base, 'lab');
  await mkdir(join(folder, 'model'), { recursive: true });
  await writeFile(join(folder, 'model', 'layers.py'), '');
  await writeFile(join(base, 'secret.py'), '');
  return { base, folder };
}

it('finds a file in the folder', async () => {
  const { folder } = await lab();
  expect(await sourceFile(folder, 'model/layers.py')).toBe(join(folder, 'model', 'layers.py'));
  expect(await sourceFile(folder, 'model/gone.py')).toBeNull();
  expect(await sourceFile(folder, 'model')).toBeNull();
});

it.each(['../secret.py', 'model/../../secret.py', '/etc/passwd', 'C:/secret.py', '', '.', 'model//layers.py', '\0'])(
  'finds nothing for %j',
  async (path) => {
    const { folder } = await lab();
    expect(await sourceFile(folder, path)).toBeNull();
  },
);

it('finds nothing behind a link that leads out, and what is behind one that stays in', async () => {
  const { base, folder } = await lab();
  await symlink(join(base, 'secret.py'), join(folder, 'out.py'));
  await symlink(base, join(folder, 'up'));
  await symlink('model', join(folder, 'same'));
  expect(await sourceFile(folder, 'out.py')).toBeNull();
  expect(await sourceFile(folder, 'up/secret.py')).toBeNull();
  expect(await sourceFile(folder, 'same/layers.py')).toBe(join(folder, 'same', 'layers.py'));
  await symlink(folder, join(base, 'alias'));
  expect(await sourceFile(join(base, 'alias'), 'model/layers.py')).toBe(join(base, 'alias', 'model', 'layers.py'));
});
