import { open, rm, truncate, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const link = (url: string, text: string): string => `\u001b]8;;${url}\u0007${text}\u001b]8;;\u0007`;
const hostile = [
  link('javascript:alert(1)', 'a script'),
  link('command:workbench.action.closeAllEditors', 'a command'),
  link('vscode://file/etc/passwd', 'an address of the editor'),
  link('https://example.com/\u202Emoc.live', 'an address turned around'),
  '<img src=x onerror="document.body.id = \'owned\'"><script>document.body.id = "owned"</script>',
  '\u001b]0;a title\u0007\u001b[2J\u001b[1;1Hscreen cleared',
  'nul\0bytes\0\u0008\u0007',
  Array.from({ length: 10_000 }, (_, change) => `\u001b[38;5;${change % 256}m${change % 10}`).join(''),
  link('https://example.com/', 'the web'),
  'the last line',
];
const hugeBytes = 200_000_000;

describe('a hostile log', () => {
  let scene: Scene;
  let window: Window;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'train.py': 'print("done")\n' });
      window = await scene.workbench.open();
      await window.showAloft();
    },
    async () => {
      await scene.strike();
    },
  );

  it('is text and colours, and its only links are of the web', async () => {
    const file = scene.beside('hostile.log');
    await writeFile(file, `${hostile.join('\n')}\n`);
    await window.openLogFile(file);
    const viewer = await window.webview('.log .row', 'the last line');
    const targets = viewer.locator('.log .row .target');
    await expect.poll(async () => await targets.allTextContents()).toEqual(['the web']);
    expect(await targets.first().getAttribute('title')).toBe('https://example.com/');
    expect(await viewer.locator('.log .row :is(img, script, iframe, [href], [src], [onclick])').count()).toBe(0);
    const text = (index: number) => viewer.locator(`.log .row[data-row="${index}"] .text`);
    expect(await text(4).textContent()).toBe(hostile[4]);
    expect(await text(5).textContent()).toBe('screen cleared');
    expect(await text(6).textContent()).toBe(hostile[6]);
    const signs = text(6).locator('.sign');
    expect(await signs.evaluateAll((all) => all.map((sign) => getComputedStyle(sign, '::before').content))).toEqual(
      ['␀', '␀', '␈', '␇'].map((sign) => `"${sign}"`),
    );
    await viewer.locator('.log .row[data-row="7"] .expand').click();
    await expect.poll(async () => (await text(7).textContent())?.length).toBe(10_000);
    expect(await viewer.locator('.log .row *').count()).toBeLessThan(2_000);
    await viewer.locator('.log-scroller').focus();
    for (const key of ['g', 'ArrowDown', 'ArrowDown', 'Enter']) {
      await window.page.keyboard.press(key);
    }
    await viewer.locator('.log .row.cursor').waitFor();
    await window.screenshot('log-hostile');
    expect(await viewer.evaluate(() => document.body.id)).toBe('');
    expect(window.complaints).toEqual([]);
  });

  it('may be 200 MB without an end of a line, be cut off, and vanish while it is open', async () => {
    const file = scene.beside('huge.log');
    const handle = await open(file, 'w');
    const chunk = Buffer.alloc(1_000_000, 'x');
    for (let written = 0; written < hugeBytes; written += chunk.byteLength) {
      await handle.write(chunk);
    }
    await handle.write('\nthe end\n');
    await handle.close();
    await window.openLogFile(file);
    const viewer = await window.webview('.log-size', '2 lines');
    const row = (text: string) => viewer.locator('.log .row', { hasText: text });
    await row('the end').waitFor();
    expect((await row('xxx').locator('.text').textContent())?.length).toBeLessThan(11_000);
    await row('xxx').locator('.expand').click();
    await row('xxx').locator('.cut').waitFor();
    expect((await row('xxx').locator('.text').textContent())?.length).toBeLessThan(2_000_000);
    await window.screenshot('log-huge-line');
    await viewer.locator('.log-scroller').focus();
    await window.page.keyboard.press('/');
    await window.page.keyboard.type('the end');
    await expect.poll(async () => await viewer.locator('.log-matches').textContent()).toContain('1 of 1');
    await window.page.keyboard.press('Escape');
    await truncate(file, 5);
    await expect.poll(async () => await viewer.locator('.log .row .text').allTextContents()).toEqual(['xxxxx']);
    await rm(file);
    await viewer.locator('.log-status', { hasText: 'This file is not there any more.' }).waitFor();
    await window.screenshot('log-vanished');
    await writeFile(file, 'there again\n');
    await row('there again').waitFor();
    expect(window.complaints).toEqual([]);
  });
});
