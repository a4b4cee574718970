import { mkdir } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { type Backend, startBackend } from '../emulators/scripted/startBackend.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import { scriptedExtension } from '../workbench/scriptedExtension.ts';
import type { Window } from '../workbench/workbench.ts';

const reason = 'This workspace is not trusted, so nothing can be opened in a job from it.';

describe('a job that is seen from a folder that is not trusted', () => {
  let scene: Scene;
  let cluster: Backend;

  aroundTests(
    async () => {
      cluster = await startBackend();
      await cluster.control.setDefaultScript({ life: [{ state: 'queued', forMs: 0 }, { state: 'running' }] });
      const connection = { id: 'lab', provider: 'scripted', label: 'lab-cluster', settings: { url: cluster.url } };
      scene = await Scene.set(
        { 'train.py': 'print("hello")\n' },
        {
          extension: await scriptedExtension(),
          workspaceTrust: true,
          settings: { 'aloft.connections': [connection] },
        },
      );
    },
    async () => {
      await scene.strike();
      await cluster.stop();
    },
  );

  const trust = async (window: Window): Promise<void> => {
    await (await window.form()).getByRole('button', { name: 'Manage trust' }).click();
    await window.page.getByRole('button', { name: 'Trust', exact: true }).click();
    await window.page.getByText('You trust this folder').waitFor();
    const modal = window.page.locator('.monaco-modal-editor-block');
    await modal.locator('.codicon-close').first().click();
    await modal.waitFor({ state: 'detached' });
  };

  it('can be watched, and nothing is opened in it', async () => {
    const trusted = await scene.workbench.open();
    await trusted.showAloft();
    await trust(trusted);
    await trusted.showAloft();
    const form = await trusted.form();
    await form.locator('#field-connection').click();
    await form.locator('#field-connection vscode-option', { hasText: 'lab-cluster' }).click();
    await trusted.submit('python train.py');
    await trusted.row(/^Running: train\.py/u).waitFor();

    const elsewhere = scene.beside('elsewhere');
    await mkdir(elsewhere);
    const window = await scene.workbench.open({ folder: elsewhere });
    await window.showAloft();
    await window.row(/^Running: train\.py/u).click();
    const panel = await window.panel('train.py');
    const shell = panel.locator('vscode-button', { hasText: 'Shell' });
    await shell.waitFor();
    expect(await shell.getAttribute('disabled')).not.toBeNull();
    expect(await shell.getAttribute('title')).toBe(reason);
    for (const command of ['Aloft: Open Shell in Job', 'Aloft: Forward Port…']) {
      await window.command(command);
      // The palette is free again once there is an answer.
      await window.page.locator('.statusbar .codicon-bell-dot').waitFor();
      await (await window.notification(reason)).first().waitFor();
      await window.command('Notifications: Clear All Notifications');
    }
    const calls = await cluster.control.calls();
    expect([calls.shell, calls.forward]).toEqual([0, 0]);
    await window.screenshot('untrusted-reach');
  });
});
