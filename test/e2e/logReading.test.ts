import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const lines = 3_000;
const jobName = '</title><h1 id="injected">x</h1><title>train';

/** Prints many lines, fails far from the end, and ends with a line that has no line feed. */
const train = `import os, sys
for line in range(${lines}):
    if line == 1000:
        print("Traceback (most recent call last):")
        print(f'  File "{os.path.abspath(__file__)}", line 2, in step')
        print("    raise RuntimeError()")
        print("RuntimeError: out of memory")
    print(f"line {line} of the log")
sys.stdout.write("RuntimeError: the last words")
`;

/** Reading the log of a job that has ended. */
describe('reading a log', () => {
  let scene: Scene;
  let window: Window;
  let panel: Frame;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'train.py': train }, { settings: { 'workbench.editor.enablePreview': false } });
      window = await scene.workbench.open();
      await window.showAloft();
      const form = await window.form();
      await form.locator('summary', { hasText: 'Results and limits' }).click();
      await form.locator('#field-name input').fill(jobName);
      await window.submit('python train.py');
      panel = await window.panel('train');
      await panel.locator('.log-status', { hasText: 'complete' }).waitFor();
      await panel.locator('.log .row', { hasText: 'the last words' }).waitFor();
    },
    async () => {
      await scene.strike();
    },
  );

  const press = async (...keys: readonly string[]): Promise<void> => {
    await panel.locator('.log-scroller').focus();
    for (const key of keys) {
      await window.page.keyboard.press(key);
    }
  };
  const goToLine = async (line: number): Promise<void> => {
    await press(':');
    await window.page.keyboard.type(String(line));
    await window.page.keyboard.press('Enter');
    await panel.locator('.row.cursor:not(.loading)').waitFor();
  };
  const clipboard = async (): Promise<string> =>
    await window.page.evaluate(async () => await navigator.clipboard.readText());
  /** Of the first and the last row, and the row at the cursor, what they say. */
  const inSight = async (): Promise<readonly (string | undefined)[]> =>
    await panel.evaluate(() => {
      const texts = [...document.querySelectorAll('.log .row .text')].map(({ textContent }) => textContent ?? '');
      return [texts.at(0), texts.at(-1), document.querySelector('.log .row.cursor .text')?.textContent ?? ''];
    });

  it('shows the name of a job as text wherever it is', async () => {
    expect(await panel.title()).toContain('</title><h1 id="injected">');
    expect(await panel.locator('#injected').count()).toBe(0);
  });

  it('takes a last line without a line feed for a line', async () => {
    await expect.poll(async () => await panel.locator('.log-size').textContent()).toContain('3,005 lines');
    await press('/');
    await window.page.keyboard.type('the last words');
    await expect.poll(async () => await panel.locator('.log-matches').textContent()).toBe('1 of 1');
    await window.page.keyboard.press('Escape');
    await press('Control+A', 'Control+C');
    await expect.poll(async () => (await clipboard()).split('\n').at(-1)).toBe('RuntimeError: the last words');
    expect((await clipboard()).split('\n')).toHaveLength(3_005);
    await press('Escape', 'End');
  });

  it('comes back to where the person was, from a link and from another tab', async () => {
    await goToLine(1_010);
    const link = panel.locator('.row .target', { hasText: 'train.py' }).first();
    await link.waitFor();
    await expect.poll(async () => (await inSight())[2]).toContain('line 1005');
    const before = await inSight();
    await link.click();
    await window.page.locator('.tab.active', { hasText: 'train.py' }).waitFor();
    await window.page.locator('.tab', { hasText: 'title' }).first().click();
    panel = await window.panel('train');
    await expect.poll(async () => (await inSight()).slice(0, 2)).toEqual(before.slice(0, 2));
    expect((await inSight())[2]).toContain('train.py", line 2');
    await press('PageUp');
    await expect.poll(async () => (await inSight())[0]).not.toBe(before[0]);
    await expect.poll(async () => await panel.locator('.row.loading').count()).toBe(0);
    let scrolled = await inSight();
    await expect
      .poll(async () => {
        const earlier = scrolled;
        scrolled = await inSight();
        return scrolled.join('\n') === earlier.join('\n');
      })
      .toBe(true);
    await window.page.locator('.tab', { hasText: 'train.py' }).first().click();
    await window.page.locator('.tab', { hasText: 'title' }).first().click();
    panel = await window.panel('train');
    await expect.poll(inSight).toEqual(scrolled);
    await window.screenshot('log-come-back');
  });

  it('comes back to the line under a filter', async () => {
    await press('f');
    await panel.locator('#log-include').fill('of the log');
    await expect.poll(async () => await panel.locator('.log-shown').textContent()).toContain('3,000');
    await goToLine(2_000);
    await expect.poll(async () => (await inSight())[2]).toBe('line 1995 of the log');
    const before = await inSight();
    await window.page.locator('.tab', { hasText: 'train.py' }).first().click();
    await window.page.locator('.tab', { hasText: 'title' }).first().click();
    panel = await window.panel('train');
    await expect.poll(inSight).toEqual(before);
    await press('f');
  });

  it('keeps selected lines readable in every theme', async () => {
    await goToLine(1_004);
    await panel.locator('.row.cursor', { hasText: 'RuntimeError: out of memory' }).waitFor();
    await press('Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown');
    for (const [theme, kind] of [
      ['Light Modern', 'vscode-light'],
      ['Dark High Contrast', 'vscode-high-contrast'],
      ['Light High Contrast', 'vscode-high-contrast-light'],
      ['Dark Modern', 'vscode-dark'],
    ] as const) {
      await window.command('Preferences: Color Theme');
      await window.pick(theme);
      await panel.locator(`body.${kind}`).waitFor();
      expect(await panel.evaluate(leastContrast), theme).toBeGreaterThan(theme.includes('High') ? 7 : 3);
      await window.screenshot(`log-selected-${kind}`);
    }
    expect(window.complaints).toEqual([]);
  });

  it('opens a file among many, says when it was written last, and what of it is gone', async () => {
    const folder = scene.beside('logs');
    await mkdir(folder);
    for (let number = 0; number < 60; number += 1) {
      await writeFile(join(folder, `run ${number}.log`), 'x\n');
    }
    const file = join(folder, 'run 59 <b>.log');
    await writeFile(file, 'first\nsecond\nthird');
    const then = Date.now() / 1_000 - 200;
    await utimes(file, then, then);
    await window.openLogFile(file);
    const viewer = await window.webview('.log-size', '3 lines');
    const status = viewer.locator('.log-status');
    await expect.poll(async () => await status.textContent()).toBe('whole file · last written 3 min ago');
    await window.screenshot('log-file');
    await truncate(file, 6);
    await expect.poll(async () => await status.textContent()).toContain('the file was cut off');
    await window.screenshot('log-file-cut');
    await rm(file);
    await expect.poll(async () => await status.textContent()).toBe('This file is not there any more.');
    await window.command('View: Close Editor');
  });
});

/** Runs in the panel: the least contrast between text of a selected line and what is behind it, as WCAG counts it. */
function leastContrast(): number {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const pixel = (color: string, behind: readonly number[]): readonly number[] => {
    if (canvas === null) {
      return [];
    }
    canvas.fillStyle = `rgb(${behind.join(' ')})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = rgb.map((value) =>
      value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const page = pixel(getComputedStyle(document.body).backgroundColor, [255, 255, 255]);
  const contrasts = [...document.querySelectorAll('.row.selected')].flatMap((row) => {
    const back = pixel(getComputedStyle(row).backgroundColor, page);
    return [...row.querySelectorAll('.text, .text *, .time, .number')].map((part) => {
      const style = getComputedStyle(part);
      const behind = pixel(style.backgroundColor, back);
      const [one, other] = [light(pixel(style.color, behind)), light(behind)];
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
  });
  return contrasts.length === 0 ? 0 : Math.min(...contrasts);
}
