import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ConditionsInput } from '../emulators/scripted/conditions.ts';
import { type Backend, startBackend } from '../emulators/scripted/startBackend.ts';
import { Scene } from '../workbench/scene.ts';
import { scriptedExtension } from '../workbench/scriptedExtension.ts';
import type { Window } from '../workbench/workbench.ts';

const cpu = { accelerator: null, count: 0, region: null } as const;
const h100 = { accelerator: 'H100', region: 'gpu', memoryGib: 80, likelihood: 'now', total: 32 } as const;
const lab: ConditionsInput['offers'] = [
  cpu,
  { ...h100, count: 1, free: 16, note: '16 free now', price: 0 },
  { ...h100, count: 8, free: 2, note: '16 free now', price: 0 },
  { ...h100, count: 8, region: 'gpu-long', free: 0, total: 16, likelihood: 'wait', note: '3 ahead', price: 0 },
];
const cloud: ConditionsInput['offers'] = [
  {
    accelerator: 'H100',
    count: 8,
    region: 'us-east',
    memoryGib: 80,
    price: 49.24,
    note: 'quota 32',
    likelihood: 'wait',
  },
  { accelerator: 'H200', count: 8, region: 'us-east', memoryGib: 141, price: 50.44, note: 'quota 8' },
  { accelerator: 'TPU v6e', count: 16, region: 'us-central1', memoryGib: 32, price: 43.2, note: 'spot' },
];

/** What the machine's own settings say of connections. */
async function saved(scene: Scene): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await readFile(join(scene.storage, '..', '..', '..', 'Machine', 'settings.json'), 'utf8');
  const settings: { 'aloft.connections'?: readonly Readonly<Record<string, unknown>>[] } = JSON.parse(text);
  return settings['aloft.connections'] ?? [];
}

/** Answers the box that asks for name and address. */
async function type(window: Window, text: string): Promise<void> {
  const box = window.page.locator('.quick-input-widget', { hasText: 'Its name and where it listens' });
  const input = box.locator('input[type="text"]');
  await input.waitFor();
  await input.fill(text);
  await input.press('Enter');
  await box.waitFor({ state: 'hidden' });
}

async function startAdding(window: Window, name: string, url: string): Promise<void> {
  await window.command('Aloft: Add Provider…');
  await window.pick('Scripted cloud');
  await type(window, `${name}=${url}`);
}

/** A notification was shown, and is gone. */
async function told(window: Window, text: string): Promise<void> {
  await (await window.notification(text)).first().waitFor();
  await window.command('Notifications: Clear All Notifications');
}

describe('providers', () => {
  let scene: Scene;
  let window: Window;
  let site: Backend;
  let other: Backend;

  beforeAll(async () => {
    [site, other] = await Promise.all([startBackend(), startBackend()]);
    await site.control.setConditions({ account: 'ada', offers: lab });
    await other.control.setConditions({ account: 'ada@lab.example', offers: cloud });
    scene = await Scene.set(
      { 'train.py': 'print("hello")\n' },
      { extension: await scriptedExtension(), size: { width: 1440, height: 1100 } },
    );
    window = await scene.workbench.open();
    await window.showAloft();
  });

  afterAll(async () => {
    await scene.strike();
    await site.stop();
    await other.stop();
  });

  it('are added in two answers, with a test that shows', async () => {
    await window.page.getByRole('button', { name: 'Providers Section' }).click();
    await window.row(/^This machine, connected/u).waitFor();
    await window.screenshot('providers-alone');
    await window.command('Aloft: Add Provider…');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Scripted cloud' }).waitFor();
    await window.screenshot('add-provider');
    await window.pick('Scripted cloud');
    await site.control.addFault({ on: 'offers', kind: 'delay', ms: 5_000 });
    await type(window, `lab-slurm=${site.url}`);
    await (await window.notification('Connecting to lab-slurm')).first().waitFor();
    await window.screenshot('add-provider-testing');
    await window.row(/^lab-slurm, connected, 16 of 48 H100 free/u).waitFor();
    await (await window.notification('Connected to lab-slurm as ada: 16 of 48 H100 free')).first().waitFor();
    await window.screenshot('add-provider-tested');
    await window.command('Notifications: Clear All Notifications');
    expect(await saved(scene)).toEqual([
      {
        id: expect.stringMatching(/^scripted-[0-9a-f]{8}$/u),
        provider: 'scripted',
        label: 'lab-slurm',
        settings: { url: site.url },
      },
    ]);
    const form = await window.form();
    const chosen = form.locator('#field-connection');
    await expect.poll(async () => await chosen.getAttribute('current-value')).toMatch(/^scripted-/u);
    expect(await form.locator('.problem').count()).toBe(0);
  });

  it('stand side by side, and an accelerator is one choice with the places behind it', async () => {
    await startAdding(window, 'coreweave', other.url);
    await window.row(/^coreweave, connected/u).waitFor();
    await told(window, 'Connected to coreweave as ada@lab.example');
    await window.row(/^lab-slurm, connected/u).click();
    await window.row(/^H100 80 GB, 16 of 48 free · 2 places/u).waitFor();
    const form = await window.form();
    const picker = form.locator('#field-accelerator');
    await picker.focus();
    await picker.press('ArrowDown');
    await picker.pressSequentially('h100');
    await picker.press('ArrowDown');
    const option = form.getByRole('option');
    await expect.poll(async () => await option.count()).toBeGreaterThan(2);
    await picker.press('ArrowDown');
    await picker.press('ArrowDown');
    const labels = async (): Promise<readonly (string | null)[]> =>
      await option.evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label')));
    await expect
      .poll(labels)
      .toEqual([
        'H100 80 GB × 1, 1 place, no charge',
        'H100 80 GB × 8, 3 places, no charge',
        'lab-slurm · gpu, can start now, 16 free now, no charge',
        'lab-slurm · gpu-long, would wait, 3 ahead, no charge',
        'coreweave · us-east, would wait, quota 32, $49.24/h',
      ]);
    await window.screenshot('picker-places');
    await picker.press('Enter');
    expect(await picker.inputValue()).toBe('H100 80 GB × 8');
    await expect.poll(async () => await form.locator('#field-connection').textContent()).toContain('lab-slurm');
    await window.screenshot('picker-chosen');
  });
});
