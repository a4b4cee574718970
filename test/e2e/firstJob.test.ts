import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Workbench } from '../workbench/workbench.ts';

const root = join(import.meta.dirname, '..', '..');

describe('a first job on this machine', () => {
  let folder: string;
  let dataFolder: string;
  let workbench: Workbench;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aloft-e2e-'));
    dataFolder = await mkdtemp(join(tmpdir(), 'aloft-data-'));
    await cp(join(root, 'test', 'fixtures', 'workspace'), folder, { recursive: true });
    workbench = await Workbench.start({ folder, dataFolder });
  });

  afterEach(async () => {
    await workbench.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('is filled in from the open file, submitted, watched to its end, and found again after a reload', async () => {
    const window = await workbench.open({ file: join(folder, 'hello.py') });
    await window.showAloft();
    const form = await window.form();
    await expect.poll(async () => await form.locator('#field-command').evaluate((field) => Reflect.get(field, 'value'))).toBe('python hello.py');
    await expect.poll(async () => await form.locator('.upload').textContent()).toContain('1 file');
    await window.screenshot('new-job');
    await form.locator('#submit').click();
    const panel = await window.panel('hello');
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => await panel.locator('.log').textContent()).toContain('hello from the job');
    await window.row(/^Succeeded: hello/u).waitFor();
    await window.screenshot('first-job');
    await window.reload();
    const again = await window.panel('hello');
    await expect.poll(async () => await again.locator('.log').textContent()).toContain('hello from the job');
    expect(await again.locator('.state').textContent()).toBe('Succeeded');
    await window.screenshot('first-job-reloaded');
  });
});
