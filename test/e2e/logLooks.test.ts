import { writeFile } from 'node:fs/promises';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

/** Themes as VS Code names them to a person, and how a webview hears of them. */
const themes = [
  ['Dark 2026', 'vscode-dark'],
  ['Light 2026', 'vscode-light'],
  ['Dark High Contrast', 'vscode-high-contrast'],
  ['Light High Contrast', 'vscode-high-contrast-light'],
] as const;

const steps = Array.from(
  { length: 400 },
  (_, step) =>
    `[rank${step % 4}]: step \u001b[1m${step}\u001b[0m | loss \u001b[32m${(3 / (1 + step / 100)).toFixed(4)}\u001b[0m | lr 3e-4\n`,
);
const end = `\u001b[33mWARNING\u001b[0m: the input pipeline waited for the disk
  0%|          | 0/50\r 50%|#####     | 25/50\r100%|##########| 50/50
Traceback (most recent call last):
  File "train.py", line 1, in <module>
    print("done")
RuntimeError: CUDA error: an illegal memory access was encountered
see https://pytorch.org/docs, \u001b[7minverse\u001b[0m, \u001b[41;97mwhite on red\u001b[0m, \u001b[2mdim\u001b[0m, nul\0
long ${'x'.repeat(30_000)}
`;

describe('the log viewer in every theme', () => {
  let scene: Scene;
  let window: Window;
  let viewer: Frame;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'train.py': 'print("done")\n' }, { size: { width: 1440, height: 700 } });
      window = await scene.workbench.open();
      await window.showAloft();
      const file = scene.beside('train.log');
      await writeFile(file, `${steps.join('')}${end}${steps.slice(0, 4).join('')}`);
      await window.openLogFile(file);
      viewer = await window.webview('.log .row', 'RuntimeError');
      await viewer.locator('.log-bars button', { hasText: /^2$/u }).waitFor();
      await viewer.locator('.log-scroller').focus();
      await window.page.keyboard.press('f');
      await window.page.keyboard.press('Escape');
      await viewer.locator('.log-scroller').focus();
      await window.page.keyboard.press('/');
      await window.page.keyboard.type('loss');
      await viewer.locator('.log-matches', { hasText: '404' }).waitFor();
    },
    async () => {
      await scene.strike();
    },
  );

  it.each(themes)('%s', async (theme, kind) => {
    await window.page.keyboard.press('Control+K');
    await window.page.keyboard.press('Control+T');
    await window.pick(theme);
    await viewer.locator(`body.${kind}`).waitFor();
    await viewer.locator('.log-scroller').focus();
    await window.page.keyboard.press('End');
    await window.page.keyboard.press('ArrowUp');
    await viewer.locator('.log .row.cursor').waitFor();
    const name = theme.toLowerCase().replaceAll(' ', '-');
    await window.screenshot(`log-${name}`);
    await viewer.getByRole('button', { name: 'More', exact: true }).click();
    await viewer.locator('.log-menu').waitFor();
    await window.screenshot(`log-${name}-menu`);
    await window.page.keyboard.press('Escape');
    expect(window.complaints).toEqual([]);
  });
});
