import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';

const reason = 'This workspace is not trusted, so nothing can be run or uploaded from it.';

describe('a folder that is not trusted', () => {
  let scene: Scene;

  aroundTests(
    async () => {
      const planted = [{ id: 'planted', provider: 'local', label: 'planted', settings: {} }];
      const files = {
        'hello.py': 'print("hello")\n',
        '.vscode/settings.json': JSON.stringify({ 'aloft.connections': planted }),
      };
      scene = await Scene.set(files, { workspaceTrust: true });
    },
    async () => {
      await scene.strike();
    },
  );

  it('submits and uploads nothing and says why, until it is trusted', async () => {
    const window = await scene.workbench.open();
    await window.showAloft();
    const form = await window.form();
    await expect.poll(async () => await form.locator('.failure').textContent()).toContain(reason);
    expect(await form.locator('#submit').getAttribute('disabled')).not.toBeNull();
    expect(await form.locator('.upload').count()).toBe(0);
    await window.screenshot('untrusted');

    await window.command('Aloft: Submit Current File');
    await (await window.notification(reason)).first().waitFor();
    await window.command('Notifications: Clear All Notifications');
    await form.locator('#field-command input').fill('python hello.py');
    await form.locator('#field-command input').press('Control+Enter');
    await (await window.notification(reason)).first().waitFor();
    expect(await window.page.getByRole('treeitem', { name: /hello/u }).count()).toBe(0);
    expect(await readdir(join(scene.storage, 'snapshots')).catch(() => [])).toEqual([]);

    await window.page.getByRole('button', { name: 'Providers Section' }).click();
    await window.row(/^This machine, connected/u).waitFor();
    expect(await window.row(/planted/u).count()).toBe(0);

    await form.getByRole('button', { name: 'Manage trust' }).click();
    await window.page.getByRole('button', { name: 'Trust', exact: true }).click();
    await window.page.getByText('You trust this folder').waitFor();
    const modal = window.page.locator('.monaco-modal-editor-block');
    await modal.locator('.codicon-close').first().click();
    await modal.waitFor({ state: 'detached' });
    await window.showAloft();
    const trusted = await window.form();
    await expect.poll(async () => await trusted.locator('.upload').textContent()).toContain('2 files');
    await window.submit('python hello.py');
    await window.row(/^Succeeded: hello/u).waitFor();
    // Not even then does a folder bring connections along.
    expect(await window.row(/planted/u).count()).toBe(0);
    await window.screenshot('trusted');
  });
});
