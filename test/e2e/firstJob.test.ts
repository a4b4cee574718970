import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';

const script = join(import.meta.dirname, '..', 'fixtures', 'workspace', 'hello.py');

describe('a first job on this machine', () => {
  let scene: Scene;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'hello.py': await readFile(script, 'utf8') });
    },
    async () => {
      await scene.strike();
    },
  );

  it('is filled in from the open file, submitted, watched to its end, and found again after a reload', async () => {
    const window = await scene.workbench.open({ file: join(scene.folder, 'hello.py') });
    await window.showAloft();
    const form = await window.form();
    await expect.poll(async () => await form.locator('#field-command input').inputValue()).toBe('python hello.py');
    await expect.poll(async () => await form.locator('.upload').textContent()).toContain('1 file');
    await window.screenshot('new-job');
    await form.locator('#submit').click();
    const panel = await window.panel('hello');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => await window.logLines(panel)).toEqual(['hello from the job', 'a warning']);
    await window.row(/^Succeeded: hello/u).waitFor();
    await window.screenshot('first-job');
    await window.reload();
    const again = await window.panel('hello');
    await expect.poll(async () => await window.logLines(again)).toEqual(['hello from the job', 'a warning']);
    expect(await again.locator('.state').textContent()).toBe('Succeeded');
    await window.screenshot('first-job-reloaded');
  });
});
