import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import { slowScript } from '../workbench/slowScript.ts';
import type { Window } from '../workbench/workbench.ts';

describe('cancelling and submitting again', () => {
  let scene: Scene;
  let window: Window;
  let finish: string;

  aroundTests(
    async () => {
      scene = await Scene.set(
        { 'slow.py': slowScript, 'breaks.py': 'raise SystemExit(3)\n' },
        { settings: { 'aloft.local.slots': 1 } },
      );
      finish = scene.beside('finish');
      window = await scene.workbench.open();
      await window.showAloft();
    },
    async () => {
      await writeFile(finish, '');
      await scene.strike();
    },
  );

  const inline = async (row: Locator, action: string): Promise<void> => {
    await row.hover();
    await row.getByRole('button', { name: action }).click();
  };

  it('cancels from the panel, once the person has said so', async () => {
    await window.submit(`python slow.py ${finish}`);
    const panel = await window.panel('slow');
    await expect.poll(async () => await window.logLines(panel)).toContain('line 1');
    await panel.locator('vscode-button', { hasText: 'Cancel' }).click();
    await window.screenshot('cancel-question');
    await window.answer('Cancel Job');
    await expect.poll(async () => await panel.locator('.state').textContent()).toMatch(/^Cancell/u);
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Cancelled');
    await window.row(/^Cancelled: slow/u).waitFor();
    await window.screenshot('cancelled');
  });

  it('runs it as a new job on Submit Again, and cancels that in the tree', async () => {
    await inline(window.row(/^Cancelled: slow/u), 'Submit Again');
    const running = window.row(/^Running: slow/u);
    await running.waitFor();
    await window.row(/^Cancelled: slow/u).waitFor();
    await inline(running, 'Cancel');
    await window.answer('Cancel Job');
    await expect.poll(async () => await window.row(/^Cancelled: slow/u).count()).toBe(2);
  });

  it('cancels all that are selected, running or waiting, with one question', async () => {
    await window.submit(`python slow.py ${finish}`);
    const running = window.row(/^Running: slow/u);
    await running.waitFor();
    await window.submit(`python slow.py ${finish}`);
    const waiting = window.row(/^Queued: slow/u);
    await waiting.waitFor();
    // A panel that is still loading would take the keyboard.
    await window.closeEditors();
    await running.click({ modifiers: ['ControlOrMeta'] });
    await waiting.click({ modifiers: ['ControlOrMeta'] });
    await window.page.keyboard.press('Control+Backspace');
    await expect.poll(async () => await window.dialog().textContent()).toContain('Cancel 2 jobs?');
    await window.answer('Cancel Job');
    await expect.poll(async () => await window.row(/^Cancelled: slow/u).count()).toBe(4);
    await window.screenshot('cancelled-many');
  });

  it('deletes what is selected from the list and the disk', async () => {
    const rows = window.row(/^Cancelled: slow/u);
    await window.command('Aloft: Focus on Jobs View');
    await window.page.keyboard.press('Control+A');
    await window.page.keyboard.press('Delete');
    await expect.poll(async () => await window.dialog().textContent()).toContain('Delete 4 jobs?');
    await window.answer('Delete');
    await expect.poll(async () => await rows.count()).toBe(0);
    await expect.poll(async () => await readdir(join(scene.storage, 'logs'))).toEqual([]);
    await expect.poll(async () => await readdir(join(scene.storage, 'local', 'runs'))).toEqual([]);
  });

  it('says once why a job failed, and offers what can be done', async () => {
    await window.submit('python breaks.py');
    const panel = await window.panel('breaks');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Failed');
    expect(await panel.locator('.reason').textContent()).toContain('3');
    await window.row(/^Failed: breaks/u).waitFor();
    const notification = await window.notification(/breaks.* failed/u);
    await notification.waitFor();
    expect(await notification.count()).toBe(1);
    expect(await notification.getByRole('button', { name: 'Submit Again' }).count()).toBe(1);
    await window.screenshot('failed');
    await notification.getByRole('button', { name: 'Open Log' }).click();
    await notification.waitFor({ state: 'detached' });
  });
});
