import { appendFile, readFile, writeFile } from 'node:fs/promises';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const steps = 5_000;

/** Prints steps of four ranks, a progress bar that rewrites itself, a line too long to be shown whole, and a warning at the end. */
const script = `import sys
for step in range(${steps}):
    print(f"[rank{step % 4}]: step={step} loss={3 / (1 + step / 100):.4f}")
for part in range(51):
    sys.stdout.write(f"\\r{part * 2:3}%|{'#' * part:50}| {part}/50")
print()
print("long " + "x" * 30_000)
print("\\x1b[33mWARNING\\x1b[0m: the learning rate is zero")
`;

describe('the log viewer', () => {
  let scene: Scene;
  let window: Window;
  let panel: Frame;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'prints.py': script });
      window = await scene.workbench.open();
      await window.showAloft();
      await window.submit('python prints.py');
      panel = await window.panel('prints');
      await panel.locator('.log-status', { hasText: 'complete' }).waitFor();
      await panel.locator('.log .row', { hasText: 'WARNING' }).waitFor();
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
  const inSight = async (): Promise<readonly string[]> => await panel.locator('.log .row .text').allTextContents();
  const row = (text: string | RegExp) => panel.locator('.log .row', { hasText: text });

  it('shows the end, and how many lines there are', async () => {
    expect(await panel.locator('.log-size').textContent()).toContain('5,003 lines');
    expect((await inSight()).length).toBeLessThan(200);
  });

  it('goes to the start, to any line and back to the end', async () => {
    await press('g');
    await row('step=0 ').waitFor();
    await press(':');
    await window.page.keyboard.type('2501');
    await window.page.keyboard.press('Enter');
    await row('step=2500 ').waitFor();
    await panel.locator('.new-lines').click();
    await row('WARNING').waitFor();
  });

  it('folds a line that rewrote itself, and opens it', async () => {
    const bar = row('50/50');
    expect(await bar.locator('.text').textContent()).not.toContain('49/50');
    await bar.locator('.expand').click();
    await expect.poll(async () => await row('50/50').locator('.text').textContent()).toContain('49/50');
    await row('50/50').locator('.expand').click();
    await expect.poll(async () => await bar.locator('.text').textContent()).not.toContain('49/50');
  });

  it('cuts a long line, and shows it whole', async () => {
    const long = row('long xxx');
    expect((await long.locator('.text').textContent())?.length).toBeLessThan(11_000);
    await long.locator('.expand').click();
    await expect
      .poll(async () => (await row('long xxx').locator('.text').textContent())?.length)
      .toBeGreaterThanOrEqual(30_005);
    const area = await panel.locator('.log-scroller').boundingBox();
    const whole = await row('long xxx').locator('.whole').boundingBox();
    expect(whole?.width).toBeLessThan(area?.width ?? 0);
    expect(whole?.height).toBeGreaterThan(1_000);
    await window.screenshot('log-whole-line');
  });

  it('finds, and goes from match to match', async () => {
    await press('g', '/');
    await window.page.keyboard.type('step=49');
    await expect.poll(async () => await panel.locator('.log-matches').textContent()).toContain('111');
    await row(/step=49 /u).waitFor();
    await window.page.keyboard.press('Enter');
    await row(/step=490 /u).waitFor();
    await window.screenshot('log-find');
    await panel.getByRole('button', { name: 'Use Regular Expression' }).click();
    await panel.locator('#log-find').fill(String.raw`st.p=49\d `);
    await expect.poll(async () => await panel.locator('.log-matches').textContent()).toContain('10');
    await panel.locator('.row.cursor .found', { hasText: 'step=490 ' }).waitFor();
    await panel.getByRole('button', { name: 'Use Regular Expression' }).click();
    await press('Escape');
  });

  it('shows only the lines of a rank', async () => {
    await press('f');
    await panel.locator('.choice', { hasText: 'Ranks' }).click();
    const second = panel.locator('.choice-list').getByLabel('2', { exact: true });
    await second.check();
    await expect.poll(async () => await panel.locator('.log-shown').textContent()).toContain('1,250');
    await expect.poll(async () => (await inSight()).every((text) => text.startsWith('[rank2]'))).toBe(true);
    await window.screenshot('log-filter');
    await press(':');
    await window.page.keyboard.type('2002');
    await window.page.keyboard.press('Enter');
    await expect
      .poll(async () => await panel.locator('.log-note').textContent())
      .toBe('line 2,002 is not shown, the next is 2,003');
    await panel.locator('.row.cursor', { hasText: 'step=2002 ' }).waitFor();
    await window.screenshot('log-hidden-line');
    await panel.locator('.choice', { hasText: 'Ranks' }).click();
    await second.uncheck();
    await press('f');
    await expect.poll(async () => await panel.locator('.log-shown').count()).toBe(0);
  });

  it('saves the log as it was printed', async () => {
    const file = scene.beside('saved.log');
    await panel.getByRole('button', { name: 'More', exact: true }).click();
    await panel.getByRole('menuitem', { name: 'Save the log…' }).click();
    const input = window.page.locator('.quick-input-widget input[type="text"]');
    await expect.poll(async () => await input.inputValue()).toContain('prints');
    await window.chooseFile(file, 'OK', 'workspace');
    await expect.poll(async () => await readFile(file, 'utf8').catch(() => '')).not.toBe('');
    const saved = (await readFile(file, 'utf8')).replaceAll(/ loss=[\d.]+$/gmu, '');
    const printed = Array.from({ length: steps }, (_, step) => `[rank${step % 4}]: step=${step}\n`).join('');
    expect(saved.slice(0, printed.length)).toBe(printed);
    expect(saved.slice(printed.length)).toMatch(
      /^\r {2}0%\| {50}\| 0\/50\r[^\n]*\r100%\|#{50}\| 50\/50\nlong x{30000}\n\u001B\[33mWARNING\u001B\[0m: .*\n$/u,
    );
  });

  it('saves and copies the lines that a filter lets through, as they are seen', async () => {
    const file = scene.beside('shown.log');
    await press('f');
    await panel.locator('#log-include').fill('WARNING');
    await expect.poll(async () => await panel.locator('.log-shown').textContent()).toContain('1 shown');
    await panel.getByRole('button', { name: 'More', exact: true }).click();
    await panel.getByRole('menuitem', { name: 'Save the lines shown…' }).click();
    await window.page.locator('.quick-input-widget input[type="text"]').waitFor();
    await window.chooseFile(file, 'OK', 'workspace');
    await expect
      .poll(async () => await readFile(file, 'utf8').catch(() => ''))
      .toBe('WARNING: the learning rate is zero\n');
    await panel.getByRole('button', { name: 'More', exact: true }).click();
    await panel.getByRole('menuitem', { name: 'Copy all with line numbers' }).click();
    await expect
      .poll(async () => await window.page.evaluate(async () => await navigator.clipboard.readText()))
      .toBe('5003  WARNING: the learning rate is zero');
    await panel.locator('#log-include').fill('');
    await press('f');
  });

  it('opens a log as a document that folds by epoch', async () => {
    const file = scene.beside('epochs.log');
    const epochs = [1, 2, 3].map((epoch) => `\u001b[1mEpoch ${epoch}/3\u001b[0m\n${'some work\n'.repeat(30)}`);
    await writeFile(file, epochs.join(''));
    await window.openLogFile(file);
    const viewer = await window.webview('.log-size', '93 lines');
    await viewer.getByRole('button', { name: 'More', exact: true }).click();
    await viewer.getByRole('menuitem', { name: 'Open as a document' }).click();
    await window.page.locator('.tab.active', { hasText: 'epochs.log' }).waitFor();
    await window.page.locator('.editor-instance .view-line', { hasText: 'some work' }).first().waitFor();
    const lines = window.page.locator('.editor-instance .view-line');
    await lines.filter({ hasText: 'Epoch 1/3' }).click();
    await window.command('Fold All');
    await expect
      .poll(async () => (await lines.allTextContents()).map((text) => text.replaceAll('\u00a0', ' ').slice(0, 9)))
      .toEqual(['Epoch 1/3', 'Epoch 2/3', 'Epoch 3/3']);
    await window.screenshot('log-document');
    await window.command('View: Close Editor');
  });

  it('opens any file, follows it, and lets go when the person scrolls up', async () => {
    const file = scene.beside('other.log');
    await writeFile(file, 'first\n'.repeat(500));
    await window.openLogFile(file);
    const viewer = await window.webview('.log-size', '500 lines');
    await appendFile(file, 'then\n'.repeat(20));
    await viewer.locator('.log .row', { hasText: 'then' }).first().waitFor();
    await viewer.locator('.log-scroller').focus();
    await window.page.keyboard.press('PageUp');
    await appendFile(file, 'later\n'.repeat(30));
    await expect.poll(async () => await viewer.locator('.new-lines').textContent()).toContain('30');
    expect(await viewer.locator('.log .row', { hasText: 'later' }).count()).toBe(0);
    await window.page.keyboard.press('End');
    await viewer.locator('.log .row', { hasText: 'later' }).first().waitFor();
    await viewer.locator('.log-scroller').focus();
    await window.page.keyboard.press('g');
    for (let page = 0; page < 3; page += 1) {
      await window.page.keyboard.press('Space');
    }
    const top = async (frame: Frame): Promise<string | null> =>
      await frame.locator('.log .row').first().getAttribute('data-row');
    // The place is kept by a timer of the page that is due before this one.
    await viewer.evaluate(async () => {
      await new Promise((resolve) => {
        setTimeout(resolve, 1_000);
      });
    });
    const before = await top(viewer);
    expect(Number(before)).toBeGreaterThan(50);
    await window.page.locator('.tab', { hasText: 'prints.py' }).click();
    await window.panel('prints');
    await window.page.locator('.tab', { hasText: 'other.log' }).click();
    const again = await window.webview('.log-size', '550 lines');
    await expect.poll(async () => await top(again)).toBe(before);
    expect(window.complaints).toEqual([]);
  });
});
