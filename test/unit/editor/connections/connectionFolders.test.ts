import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { ConnectionFolders } from '../../../../src/editor/connections/connectionFolders.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

const hour = 3_600_000;

async function setup(ages: Readonly<Record<string, number>>) {
  const root = await mkdtemp(join(tmpdir(), 'aloft-folders-'));
  onTestFinished(async () => {
    await rm(root, { recursive: true });
  });
  const now = Date.now();
  for (const [id, age] of Object.entries(ages)) {
    const folder = join(root, id);
    await mkdir(folder);
    await writeFile(join(folder, 'kept'), '');
    await utimes(folder, new Date(now - age), new Date(now - age));
  }
  const used = new Set<string>();
  const folders = new ConnectionFolders({
    root,
    clock: { now: () => now },
    connections: () => [{ id: connectionId('here') }],
    used: async () => used,
  });
  return { folders, used, left: async () => (await readdir(root)).toSorted() };
}

describe('folders of connections', () => {
  it('go with their connection, unless jobs of it are in the list', async () => {
    const { folders, used, left } = await setup({ gone: 0, jobs: 0, here: 0 });
    used.add('jobs');
    await folders.leave(connectionId('gone'));
    await folders.leave(connectionId('jobs'));
    await folders.leave(connectionId('never-had-one'));
    expect(await left()).toEqual(['here', 'jobs']);
  });

  it('go later when the last job has gone, but not those of a connection that is being added', async () => {
    const { folders, used, left } = await setup({ here: 2 * hour, jobs: 2 * hour, left: 2 * hour, draft: 60_000 });
    used.add('jobs');
    await folders.sweep();
    expect(await left()).toEqual(['draft', 'here', 'jobs']);
    used.clear();
    await folders.sweep();
    expect(await left()).toEqual(['draft', 'here']);
  });

  it('need not be there', async () => {
    const { folders, left } = await setup({});
    await rm(folders.of(connectionId('x')), { force: true });
    await folders.sweep();
    expect(await left()).toEqual([]);
  });
});
