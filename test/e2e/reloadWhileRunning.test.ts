import { writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Scene } from '../workbench/scene.ts';
import { slowScript } from '../workbench/slowScript.ts';

/** `line 0` to the last one, each exactly once, then their number. */
function wholeLog(lines: readonly string[]): readonly string[] {
  const count = lines.length - 1;
  return [...Array.from({ length: count }, (_, index) => `line ${index}`), `${count} lines`];
}

describe('a job that is running', () => {
  let scene: Scene;
  let finish: string;

  beforeEach(async () => {
    scene = await Scene.set({ 'slow.py': slowScript });
    finish = scene.beside('finish');
  });

  afterEach(async () => {
    await writeFile(finish, '');
    await scene.strike();
  });

  it('is shown live with its whole log after the window was reloaded', async () => {
    const window = await scene.workbench.open();
    await window.showAloft();
    await window.submit(`python slow.py ${finish}`);
    const before = await window.panel('slow');
    await expect.poll(async () => await window.logLines(before)).toContain('line 5');
    await window.reload();
    const panel = await window.panel('slow');
    await expect
      .poll(async () => (await window.logLines(panel)).slice(0, 6))
      .toEqual(Array.from({ length: 6 }, (_, index) => `line ${index}`));
    expect(await panel.locator('.state').textContent()).toBe('Running');
    const shown = (await window.logLines(panel)).length;
    await expect.poll(async () => (await window.logLines(panel)).length).toBeGreaterThan(shown);
    await window.screenshot('reload-while-running');
    await writeFile(finish, '');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => await panel.locator('.log-status').textContent()).toContain('complete');
    const lines = await window.logLines(panel);
    expect(lines).toEqual(wholeLog(lines));
  });

  it('goes on while VS Code is killed, and is found again with every line once', async () => {
    const killed = await scene.workbench.open();
    await killed.showAloft();
    await killed.submit(`python slow.py ${finish}`);
    const before = await killed.panel('slow');
    await expect.poll(async () => await killed.logLines(before)).toContain('line 5');
    await scene.killWorkbench();
    await scene.startWorkbench();
    const window = await scene.workbench.open();
    await window.showAloft();
    await window.row(/^Running: slow/u).click();
    const panel = await window.panel('slow');
    await expect.poll(async () => await window.logLines(panel)).toContain('line 5');
    await window.screenshot('found-after-a-crash');
    await writeFile(finish, '');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => await panel.locator('.log-status').textContent()).toContain('complete');
    const lines = await window.logLines(panel);
    expect(lines).toEqual(wholeLog(lines));
    expect(await window.row(/slow/u).count()).toBe(1);
  });
});
