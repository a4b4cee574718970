import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

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
const colours =
  'for code in range(31, 38):\n    print(f"\\033[{code}mcolour {code}\\033[0m, \\033[1;{code + 60}mbright\\033[0m")\n';

describe('in every theme', () => {
  let scene: Scene;
  let window: Window;

  aroundTests(
    async () => {
      const files = {
        'colours.py': `${colours}raise SystemExit(3)\n`,
        'notes.md': await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8'),
        '.env': 'PASSWORD=correct horse battery staple\n',
      };
      scene = await Scene.set(files, { size: { width: 1440, height: 1200 } });
      window = await scene.workbench.open();
      await window.showAloft();
      await window.submit('python colours.py');
      const panel = await window.panel('colours');
      await panel.locator('.log .row', { hasText: 'colour 37' }).waitFor();
      await window.row(/^Failed: colours/u).waitFor();
    },
    async () => {
      await scene.strike();
    },
  );

  it.each(themes)('%s shows the form and the job panel without an error', async (theme, kind) => {
    await window.page.keyboard.press('Control+K');
    await window.page.keyboard.press('Control+T');
    await window.pick(theme);
    const form = await window.form();
    await form.locator(`body.${kind}`).waitFor();
    await form.locator('#field-nodes input').fill('two');
    await form.locator('.problem').first().waitFor();
    await form.locator('#field-accelerator').focus();
    await window.page.keyboard.press('ArrowDown');
    await form.locator('#accelerator-list').waitFor();
    const name = theme.toLowerCase().replaceAll(' ', '-');
    await window.screenshot(`looks-${name}`);
    await window.page.keyboard.press('Escape');
    const panel = await window.panel('colours');
    await panel.locator('#tab-details').click();
    await panel.locator('.details').waitFor();
    await window.screenshot(`looks-${name}-details`);
    await panel.locator('#tab-log').click();
    expect(window.complaints).toEqual([]);
  });
});
