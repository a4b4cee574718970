import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const layers = `import math


def scale(width):
    return 1 / math.sqrt(width)


def project(batch, width):
    if len(batch) != width:
        raise ValueError(f"{len(batch)} values, not {width}")
    return [value * scale(width) for value in batch]
`;
const train = `from model.layers import project


def step(batch):
    return project(batch, 4)


print("epoch 1", flush=True)
step([1, 2, 3])
`;
const themes = ['Dark 2026', 'Light 2026', 'Dark High Contrast', 'Light High Contrast'];

describe('a run that failed in the code', () => {
  let scene: Scene;
  let window: Window;

  aroundTests(
    async () => {
      scene = await Scene.set(
        { 'train.py': train, 'model/__init__.py': '', 'model/layers.py': layers },
        { settings: { 'files.autoSave': 'off' } },
      );
      window = await scene.workbench.open();
      await window.showAloft();
      await window.submit('python train.py');
      await window.row(/^Failed: train/u).waitFor();
    },
    async () => {
      await scene.strike();
    },
  );

  const problem = (): Locator => window.page.locator('.markers-panel .monaco-list-row', { hasText: 'failed here' });
  const line = (text: string): Locator => window.page.locator('.editor-instance .view-line', { hasText: text });
  /** What stands behind the lines of the editor that is shown. */
  const behindLines = async (): Promise<readonly string[]> =>
    await window.page.locator('.editor-instance .view-line span').evaluateAll((spans) =>
      spans.flatMap((span) => {
        const { content } = getComputedStyle(span, '::after');
        return content === 'none' || content === 'normal' ? [] : [content];
      }),
    );
  /** Resolves when the hover has come to rest. */
  const hoverOverMark = async (): Promise<Locator> => {
    await line('raise ValueError').locator('span span').last().hover();
    const hover = window.page.locator('.monaco-hover:visible', { hasText: 'Show in log' });
    await hover.waitFor();
    await hover.evaluate(async (element) => {
      await Promise.all(element.getAnimations({ subtree: true }).map(async ({ finished }) => await finished));
    });
    return hover;
  };
  const currentLine = async (): Promise<string> =>
    (await window.page.locator('[id="status.editor.selection"]').textContent()) ?? '';

  it('is a problem that leads to the line', async () => {
    await window.command('View: Toggle Problems');
    await problem().waitFor();
    expect(await problem().textContent()).toContain('run train.py failed here: ValueError: 3 values, not 4');
    await problem().dblclick();
    await line('raise ValueError').waitFor();
    await expect.poll(currentLine).toContain('Ln 10,');
    await expect.poll(behindLines).toEqual([expect.stringContaining('ValueError: 3 values, not 4')]);
  });

  it('is told of in a hover that leads on', async () => {
    const hover = await hoverOverMark();
    expect(await hover.textContent()).toContain('train.py:9');
    await window.screenshot('failure-hover');
  });

  it.each(themes)('is readable in %s', async (theme) => {
    await window.page.keyboard.press('Escape');
    await window.page.keyboard.press('Control+K');
    await window.page.keyboard.press('Control+T');
    await window.pick(theme);
    await hoverOverMark();
    await window.screenshot(`failure-${theme.toLowerCase().replaceAll(' ', '-')}`);
    expect(window.complaints).toEqual([]);
  });

  it('stays with its line while the file is edited', async () => {
    await window.page.keyboard.press('Escape');
    await line('import math').click();
    await window.page.keyboard.press('Control+Home');
    await window.page.keyboard.type('# one\n# two\n');
    await expect.poll(async () => await problem().textContent()).toContain('Ln 12');
    expect(await behindLines()).toHaveLength(1);
    await window.page.keyboard.press('Control+S');
    await window.screenshot('failure-moved');
  });

  it('shows the version that ran beside a file that has changed since', async () => {
    const hover = await hoverOverMark();
    await hover.locator('a', { hasText: 'model/layers.py:10' }).click();
    await window.page.locator('.monaco-diff-editor').first().waitFor();
    await expect.poll(currentLine).toContain('Ln 12,');
    await window.screenshot('failure-diff');
  });

  it('leads to the line of the log', async () => {
    await problem().locator('a', { hasText: 'Show Log' }).click();
    const panel = await window.panel('train.py');
    await panel.locator('.log .row', { hasText: 'ValueError: 3 values' }).first().waitFor();
    await expect
      .poll(async () => await panel.locator('.reason').textContent())
      .toMatch(/^ValueError: 3 values.* · exit code 1/u);
    await window.screenshot('failure-log');
  });

  it('is gone once the job succeeds', async () => {
    expect(await readFile(join(scene.folder, 'model/layers.py'), 'utf8')).toContain('# two');
    await writeFile(join(scene.folder, 'train.py'), train.replace('[1, 2, 3]', '[1, 2, 3, 4]'));
    await window.submit('python train.py');
    await window.row(/^Succeeded: train/u).waitFor();
    await problem().waitFor({ state: 'detached' });
    await window.command('View: Toggle Problems');
  });
});
