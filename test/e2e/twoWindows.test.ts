import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import { slowScript } from '../workbench/slowScript.ts';

/** Which window leads, by the name it has in the store; null while none does. */
function leader(scene: Scene): string | null {
  try {
    const database = new DatabaseSync(join(scene.storage, 'aloft.db'), { readOnly: true });
    const row = database.prepare("SELECT holder FROM leases WHERE name = 'leader' AND until > ?").get(Date.now());
    database.close();
    return row === undefined ? null : String(row['holder']);
  } catch {
    return null;
  }
}

describe('several windows', () => {
  let scene: Scene;
  let finish: string;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'slow.py': slowScript });
      finish = scene.beside('finish');
      await mkdir(scene.beside('elsewhere'));
    },
    async () => {
      await writeFile(finish, '');
      await scene.strike();
    },
  );

  it('show the same one job, and another leads when the leading one is closed', async () => {
    const leading = await scene.workbench.open();
    await leading.showAloft();
    await expect.poll(() => leader(scene)).not.toBeNull();
    const firstLeader = leader(scene);
    const other = await scene.workbench.open();
    const elsewhere = await scene.workbench.open({ folder: scene.beside('elsewhere') });
    await other.showAloft();
    await elsewhere.showAloft();

    await leading.submit(`python slow.py ${finish}`);
    await Promise.all(
      [leading, other, elsewhere].map(async (window) => {
        await window.row(/^Running: slow/u).waitFor();
      }),
    );
    await other.row(/^Running: slow/u).click();
    const panel = await other.panel('slow');
    await expect.poll(async () => await other.logLines(panel)).toContain('line 5');
    await elsewhere.screenshot('two-windows-elsewhere');

    await leading.close();
    await expect.poll(() => leader(scene)).not.toBe(firstLeader);
    await expect.poll(() => leader(scene)).not.toBeNull();
    const shown = (await other.logLines(panel)).length;
    await expect.poll(async () => (await other.logLines(panel)).length).toBeGreaterThan(shown);
    await writeFile(finish, '');
    for (const window of [other, elsewhere]) {
      await window.row(/^Succeeded: slow/u).waitFor();
      expect(await window.row(/slow/u).count()).toBe(1);
    }
    await expect.poll(async () => (await other.logLines(panel)).at(-1)).toMatch(/^\d+ lines$/u);
    const lines = await other.logLines(panel);
    expect(lines.slice(0, -1)).toEqual(Array.from({ length: lines.length - 1 }, (_, index) => `line ${index}`));
    await other.screenshot('two-windows');
  });
});
