import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';

const script = join(import.meta.dirname, '..', 'fixtures', 'workspace', 'hello.py');

describe('without a mouse', () => {
  let scene: Scene;

  aroundTests(
    async () => {
      scene = await Scene.set({
        'hello.py': await readFile(script, 'utf8'),
        'many.py': 'for line in range(500):\n    print("line", line)\n',
      });
    },
    async () => {
      await scene.strike();
    },
  );

  it('a job is filled in, submitted, watched and read', async () => {
    const window = await scene.workbench.open();
    const { keyboard } = window.page;
    await window.command('Aloft: New Job');
    const form = await window.form();
    const focused = async (): Promise<string | undefined> => await form.evaluate(() => document.activeElement?.id);
    await expect.poll(focused).toBe('field-command');
    await keyboard.type('python many.py');
    await keyboard.press('Tab');
    await expect.poll(focused).toBe('field-connection');
    const provider = form.locator('#field-connection');
    const chosen = async (): Promise<string | null> => await provider.getAttribute('current-value');
    const before = await chosen();
    await keyboard.press('Enter');
    await expect.poll(async () => await provider.getAttribute('aria-expanded')).toBe('true');
    await keyboard.press('ArrowDown');
    await expect.poll(chosen).not.toBe(before);
    await keyboard.press('Escape');
    await expect.poll(chosen).toBe(before);
    await keyboard.press('Tab');
    await expect.poll(focused).toBe('add-provider');
    await keyboard.press('Enter');
    await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await keyboard.press('Escape');
    await expect.poll(async () => await form.evaluate(() => document.hasFocus())).toBe(true);
    await expect.poll(focused).toBe('add-provider');
    await keyboard.press('Tab');
    await expect.poll(focused).toBe('field-accelerator');

    const picker = form.locator('#field-accelerator');
    const list = form.locator('#accelerator-list');
    await keyboard.press('ArrowDown');
    await list.getByRole('option').first().waitFor();
    expect(await picker.getAttribute('aria-expanded')).toBe('true');
    expect(await picker.getAttribute('aria-activedescendant')).toBe(
      await list.locator('[aria-selected="true"]').getAttribute('id'),
    );
    await window.screenshot('keyboard-picker');
    await keyboard.type('no such thing');
    await expect.poll(async () => await list.textContent()).toContain('Nothing here matches');
    await keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await list.waitFor({ state: 'detached' });
    expect(await picker.inputValue()).toBe('CPU only');
    await expect.poll(async () => await form.locator('#field-connection').getAttribute('current-value')).not.toBe('');
    await keyboard.press('Tab');
    await expect.poll(focused).toBe('field-nodes');
    await keyboard.press('Control+Enter');

    const panel = await window.panel('many');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => (await window.logLines(panel)).at(-1)).toBe('line 499');
    const selectedTab = async (): Promise<string | null> =>
      await panel.locator('[role="tab"][aria-selected="true"]').textContent();
    const tabTo = async (selector: string): Promise<void> => {
      for (let steps = 0; steps < 12 && !(await panel.locator(`${selector}:focus`).count()); steps += 1) {
        await keyboard.press('Tab');
      }
      expect(await panel.locator(`${selector}:focus`).count()).toBe(1);
    };
    await tabTo('#tab-log');
    await keyboard.press('ArrowRight');
    await expect.poll(selectedTab).toBe('Metrics');
    await keyboard.press('ArrowRight');
    await expect.poll(selectedTab).toBe('Details');
    await keyboard.press('ArrowRight');
    await expect.poll(selectedTab).toBe('Files');
    await keyboard.press('ArrowRight');
    await expect.poll(selectedTab).toBe('Log');

    await tabTo('.log-scroller');
    const scroller = panel.locator('.log-scroller');
    const fromTop = async (): Promise<number> => await scroller.evaluate(({ scrollTop }) => scrollTop);
    const fromEnd = async (): Promise<number> =>
      await scroller.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
    await expect.poll(fromEnd).toBeLessThan(2);
    await keyboard.press('Home');
    await expect.poll(fromTop).toBe(0);
    await window.screenshot('keyboard-log');
    await keyboard.press('End');
    await expect.poll(fromEnd).toBeLessThan(2);
  });
});
