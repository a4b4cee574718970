import { appendFile, readFile, writeFile } from 'node:fs/promises';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

/** Prints what trainers print: a loss with a spike, a rate that falls, an accuracy now and then, and numbers that are none. */
const script = `import math, sys
warm = float(sys.argv[1])
print("using device cuda:0, seed 42, 8 workers")
for step in range(0, 3000, 5):
    loss = 2.5 * math.exp(-step / (900 * warm)) + 0.35 + (0.9 if step == 1500 else 0) + 0.05 * math.sin(step)
    lr = 3e-4 * min(1, step / 300) * (1 - step / 3300)
    print(f"step {step} | loss {loss:.4f} | lr {lr:.2e} | tok/s {41000 + 900 * math.sin(step / 70):.0f}")
    if step % 500 == 0:
        print(f"eval: step {step} | val_loss {loss + 0.12:.4f} | acc {1 - loss / 3:.3f}")
print("PSNR is 31.5 at 10")
print("PSNR is 32.5 at 20")
print("step 3000 | grad_norm nan")
print("step 3005 | grad_norm 1.5")
`;

/** Themes as VS Code names them to a person, and how a webview hears of them. */
const themes = [
  ['Dark 2026', 'vscode-dark'],
  ['Light 2026', 'vscode-light'],
  ['Dark High Contrast', 'vscode-high-contrast'],
  ['Light High Contrast', 'vscode-high-contrast-light'],
] as const;

describe('the metrics of a job', () => {
  let scene: Scene;
  let window: Window;
  let panel: Frame;

  const chart = (name: string) => panel.locator('.chart', { has: panel.locator(`.name:text-is("${name}")`) });

  aroundTests(
    async () => {
      scene = await Scene.set({ 'slow.py': script, 'fast.py': script });
      window = await scene.workbench.open();
      await window.showAloft();
      await window.submit('python slow.py 1');
      await window.panel('slow');
      await window.submit('python fast.py 0.6');
      panel = await window.panel('fast');
      await panel.locator('.log-status', { hasText: 'complete' }).waitFor();
    },
    async () => {
      await scene.strike();
    },
  );

  it('are curves on a tab of their own', async () => {
    await panel.getByRole('tab', { name: 'Metrics' }).click();
    await chart('loss').waitFor();
    const names = await panel.locator('.chart .name').allTextContents();
    expect(names.map((name) => name.trim())).toEqual(['loss', 'val_loss', 'acc', 'grad_norm', 'lr', 'tok/s']);
    await window.screenshot('metrics');
  });

  it('lead to the line of the log that a point comes from, by mouse and by key', async () => {
    // A second try begins where the first one ended.
    await panel.getByRole('tab', { name: 'Metrics' }).click();
    const plot = chart('loss').locator('.plot');
    const box = await plot.locator('.u-over').boundingBox();
    if (box === null) {
      throw new Error('the chart is not drawn');
    }
    // Where the spike is, at half of all steps.
    await window.page.mouse.move(box.x + (box.width * 1_500) / 2_995, box.y + 10, { steps: 4 });
    const tip = plot.locator('.tip');
    await expect.poll(async () => await tip.textContent()).toContain('step 1,500');
    expect(await tip.textContent()).toMatch(/1\.3\d+/u);
    await window.screenshot('metrics-hover');
    await window.page.mouse.down();
    await window.page.mouse.up();
    await panel.locator('.log .row.cursor', { hasText: 'step 1500 | loss' }).waitFor();
    await panel.getByRole('tab', { name: 'Metrics' }).click();
    await expect
      .poll(async () => {
        await plot.focus();
        return await plot.evaluate((element) => element === document.activeElement);
      })
      .toBe(true);
    await window.page.keyboard.press('ArrowRight');
    await window.page.keyboard.press('ArrowRight');
    await expect.poll(async () => await plot.locator('.spoken').textContent()).toContain('step 5: ');
    await window.page.keyboard.press('Enter');
    await panel.locator('.log .row.cursor', { hasText: 'step 5 | loss' }).waitFor();
    await panel.getByRole('tab', { name: 'Metrics' }).click();
  });

  it('are zoomed by dragging, all with the same steps, and shown whole again', async () => {
    const box = await chart('lr').locator('.u-over').boundingBox();
    if (box === null) {
      throw new Error('the chart is not drawn');
    }
    await window.page.mouse.move(box.x + 20, box.y + 50);
    await window.page.mouse.down();
    await window.page.mouse.move(box.x + 90, box.y + 50, { steps: 5 });
    await window.page.mouse.up();
    await chart('loss').locator('.zoom-out').waitFor();
    expect(await panel.getByRole('tab', { name: 'Metrics' }).getAttribute('aria-selected')).toBe('true');
    await chart('loss').locator('.zoom-out').click();
    await expect.poll(async () => await panel.locator('.zoom-out').count()).toBe(0);
  });

  it('are hidden and drawn as the person says, in every panel', async () => {
    await chart('lr').hover();
    await chart('lr').getByRole('button', { name: 'Logarithmic scale' }).click();
    await chart('tok/s').hover();
    await chart('tok/s').getByRole('button', { name: 'Hide tok/s' }).click();
    await expect.poll(async () => await chart('tok/s').count()).toBe(0);
    await panel.locator('.smoothing input').fill('0.8');
    const tab = (name: string) => window.page.locator('.tab', { hasText: name });
    await tab('slow.py').click();
    const other = await window.panel('slow');
    await other.getByRole('tab', { name: 'Metrics' }).click();
    await other.locator('.chart').first().waitFor();
    await expect.poll(async () => await other.locator('.smoothing output').textContent()).toBe('0.80');
    expect(await other.locator('.name:text-is("tok/s")').count()).toBe(0);
    await tab('fast.py').click();
    panel = await window.panel('fast');
    await panel.locator('.choice', { hasText: 'Hidden' }).click();
    await panel.locator('.choice-list').getByLabel('tok/s').click();
    await chart('tok/s').waitFor();
  });

  it('stand beside those of other jobs', async () => {
    await panel.getByRole('button', { name: 'Compare…' }).click();
    const list = window.page.locator('.quick-input-widget');
    await list.locator('.monaco-list-row', { hasText: 'slow' }).click();
    await list.getByRole('button', { name: 'OK' }).click();
    await panel.locator('.run', { hasText: 'slow' }).waitFor();
    await expect.poll(async () => await chart('loss').locator('.tip').count()).toBe(0);
    await window.screenshot('metrics-compare');
    await panel.locator('.run', { hasText: 'slow' }).getByRole('button').click();
    await expect.poll(async () => await panel.locator('.run').count()).toBe(0);
  });

  it('are found by a pattern of the person’s own', async () => {
    await panel.getByRole('button', { name: 'Add pattern…' }).click();
    const input = window.page.locator('.quick-input-widget input[type="text"]');
    await input.fill('PSNR is ([0-9.]+)');
    await window.page.locator('.quick-input-message', { hasText: '(?<value>' }).waitFor();
    await input.fill('PSNR is (?<value>[0-9.]+) at (?<step>[0-9]+)');
    await window.page.keyboard.press('Enter');
    await expect.poll(async () => await input.getAttribute('placeholder')).toBe('psnr');
    await input.fill('psnr');
    await window.page.keyboard.press('Enter');
    await chart('psnr').waitFor();
    expect((await chart('psnr').locator('.last').textContent())?.trim()).toBe('32.5');
  });

  it('are saved with every point', async () => {
    await chart('acc').hover();
    await chart('acc').getByRole('button', { name: 'Save acc as CSV…' }).click();
    const input = window.page.locator('.quick-input-widget input[type="text"]');
    await expect.poll(async () => await input.inputValue()).toContain('fast.py_acc.csv');
    const file = scene.beside('acc.csv');
    await window.chooseFile(file, 'OK', 'workspace');
    await expect
      .poll(async () => await readFile(file, 'utf8').catch(() => ''))
      .toMatch(/^name,rank,step,epoch,value,line\r\nacc,,0,,0\.05,3\r\n(?:acc,,\d+,,0\.\d+,\d+\r\n){5}$/u);
  });

  it('are a small curve beside the row of the job', async () => {
    await window.row(/fast\.py/u).hover();
    const hover = window.page.locator('.monaco-hover:visible', { hasText: 'at step 2,995' });
    await hover.waitFor();
    const drawn = hover.locator('img');
    await expect
      .poll(async () => await drawn.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth))
      .toBe(240);
    await window.screenshot('metrics-tooltip');
    await panel.locator('h1').hover();
    await hover.waitFor({ state: 'hidden' });
  });

  it('of any log file are curves too', async () => {
    const file = scene.beside('slurm-17.out');
    await writeFile(file, 'step 1 | loss 2.5\nstep 2 | loss 2.25\n');
    await window.openLogFile(file);
    const page = await window.webview('.log-size', '2 lines');
    await page.getByRole('tab', { name: 'Metrics' }).click();
    await page.locator('.chart .name', { hasText: 'loss' }).waitFor();
    expect((await page.locator('.chart .last').textContent())?.trim()).toBe('2.25');
    await appendFile(file, 'step 3 | loss 2.125\n');
    await expect.poll(async () => (await page.locator('.chart .last').textContent())?.trim()).toBe('2.125');
    await page.locator('.plot').focus();
    await window.page.keyboard.press('ArrowLeft');
    await window.screenshot('metrics-file');
    await window.page.keyboard.press('Enter');
    await page.locator('.log .row.cursor', { hasText: 'step 3' }).waitFor();
    await window.page.locator('.tab', { hasText: 'fast.py' }).click();
    panel = await window.panel('fast');
    await chart('loss').waitFor();
  });

  it('can be read in every theme', async () => {
    for (const [theme, kind] of themes) {
      await window.page.keyboard.press('Control+K');
      await window.page.keyboard.press('Control+T');
      await window.pick(theme);
      await panel.locator(`body.${kind}`).waitFor();
      await window.screenshot(`metrics-${theme.toLowerCase().replaceAll(' ', '-')}`);
    }
    expect(window.complaints).toEqual([]);
  });
});
