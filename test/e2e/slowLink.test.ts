import { appendFile, readFile, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const lines = 100_000;

describe('a log on a machine far away', () => {
  let scene: Scene;
  let window: Window;
  let file: string;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'train.py': 'print("done")\n' }, { linkDelay: 150 });
      file = scene.beside('far.log');
      await writeFile(file, Array.from({ length: lines }, (_, line) => `step=${line} loss=0.5\n`).join(''));
      window = await scene.workbench.open();
      await window.showAloft();
      await window.openLogFile(file);
    },
    async () => {
      await scene.strike();
    },
  );

  it('is followed, gone through, searched and saved', async () => {
    const viewer = await window.webview('.log-size', '100,000 lines');
    const row = (text: string) => viewer.locator('.log .row', { hasText: text });
    await row(`step=${lines - 1} `).waitFor();
    await appendFile(file, 'one more\n');
    await row('one more').waitFor();
    await viewer.locator('.log-scroller').focus();
    await window.page.keyboard.press('g');
    await row('step=0 ').waitFor();
    await window.page.keyboard.press('/');
    await window.page.keyboard.type('step=50000 ');
    await row('step=50000 ').waitFor();
    await expect.poll(async () => await viewer.locator('.log-matches').textContent()).toContain('1 of 1');
    await window.page.keyboard.press('Escape');
    await viewer.getByRole('button', { name: 'More', exact: true }).click();
    await viewer.getByRole('menuitem', { name: 'Save the log…' }).click();
    const saved = scene.beside('saved.log');
    await window.chooseFile(saved, 'OK', 'workspace');
    await expect.poll(async () => await readFile(saved, 'utf8').catch(() => '')).toBe(await readFile(file, 'utf8'));
    expect(window.complaints).toEqual([]);
  });
});
