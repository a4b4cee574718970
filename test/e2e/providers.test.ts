import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ConditionsInput } from '../emulators/scripted/conditions.ts';
import { type Backend, startBackend } from '../emulators/scripted/startBackend.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
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

/** The machine's own settings. */
function settingsFile(scene: Scene): string {
  return join(scene.storage, '..', '..', '..', 'Machine', 'settings.json');
}

/** What they say of connections. */
async function saved(scene: Scene): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await readFile(settingsFile(scene), 'utf8');
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

const themes = ['Dark 2026', 'Light 2026', 'Dark High Contrast', 'Light High Contrast'] as const;

describe('providers', () => {
  let scene: Scene;
  let window: Window;
  let site: Backend;
  let other: Backend;
  let third: Backend;

  aroundTests(
    async () => {
      [site, other, third] = await Promise.all([startBackend(), startBackend(), startBackend()]);
      await site.control.setConditions({ account: 'ada', offers: lab });
      await other.control.setConditions({ account: 'ada@lab.example', offers: cloud });
      scene = await Scene.set(
        { 'train.py': 'print("hello")\n' },
        { extension: await scriptedExtension(), size: { width: 1440, height: 1100 } },
      );
      window = await scene.workbench.open();
      await window.showAloft();
    },
    async () => {
      await scene.strike();
      await site.stop();
      await other.stop();
      await third.stop();
    },
  );

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

  it('that do not pass their test say why, and leave nothing unless the person wants them', async () => {
    await third.control.setConditions({ signedIn: false });
    await startAdding(window, 'azure', third.url);
    await window.dialog().waitFor();
    expect(await window.dialog().textContent()).toContain('azure cannot be used yet');
    expect(await window.dialog().textContent()).toContain('UNAUTHENTICATED');
    await window.screenshot('add-provider-failed');
    await window.dialog().getByRole('button', { name: 'Retry', exact: true }).click();
    await expect.poll(async () => (await third.control.calls()).identity).toBe(2);
    await window.dialog().waitFor();
    await window.answer('Cancel');
    expect(await saved(scene)).toHaveLength(2);
    expect(await readdir(join(scene.storage, 'connections')).catch(() => [])).toEqual([]);

    await window.command('Aloft: Add Provider…');
    await window.pick('Damaged cloud');
    await window.dialog().waitFor();
    expect(await window.dialog().textContent()).toContain('The part of Aloft for Damaged cloud could not be loaded.');
    await window.answer('Cancel');

    await startAdding(window, 'far-away', 'http://127.0.0.1:9');
    await window.dialog().waitFor();
    await window.answer('Add Anyway');
    await window.row(/^far-away, problem/u).waitFor();
    expect(await saved(scene)).toHaveLength(3);
  });

  it('that do not answer are named under what the others have', async () => {
    const form = await window.form();
    const picker = form.locator('#field-accelerator');
    await picker.focus();
    await picker.press('ArrowDown');
    const silent = form.locator('.picker-silent');
    await expect.poll(async () => await silent.textContent()).toContain('far-away');
    await expect.poll(async () => await silent.textContent()).toContain('Try again');
    expect(await form.getByRole('option').count()).toBeGreaterThan(4);
    await window.screenshot('picker-silent');
    await picker.press('Escape');
    await form.locator('#accelerator-list').waitFor({ state: 'detached' });
  });

  it('warn before their sign-in ends', async () => {
    await other.control.setConditions({ signedInUntil: Date.now() + 25 * 60_000 });
    await window.command('Aloft: Refresh Providers');
    await window.row(/^coreweave, signed in, not for long, signs out in 2[45] min/u).waitFor();
  });

  it('are one list in every window, and in every theme', async () => {
    const second = await scene.workbench.open();
    await second.showAloft();
    await second.page.getByRole('button', { name: 'Providers Section' }).click();
    await second.row(/^lab-slurm, connected/u).waitFor();

    await second.pressOn(/^lab-slurm, connected/u, 'F2');
    const input = second.page.locator('.quick-input-widget input[type="text"]');
    await input.waitFor();
    await input.fill('  $(flame) [click](command:aloft.showLog)\u202e ');
    await input.press('Enter');
    const hostile = /^\$\(flame\) \[click\]\(command:aloft\.showLog\), connected/u;
    await second.row(hostile).waitFor();
    await window.row(hostile).waitFor();
    await window.command('Aloft: Test Connection');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: '$(flame)' }).waitFor();
    await window.screenshot('providers-hostile');
    await window.page.keyboard.press('Escape');
    for (const theme of themes) {
      await window.theme(theme);
      await window.screenshot(`providers-${theme.toLowerCase().replaceAll(' ', '-')}`);
      const form = await window.form();
      const picker = form.locator('#field-accelerator');
      await picker.focus();
      await picker.press('ArrowDown');
      await picker.pressSequentially('h100 x8');
      await form.getByRole('option').nth(2).waitFor();
      await window.screenshot(`picker-${theme.toLowerCase().replaceAll(' ', '-')}`);
      await picker.press('Escape');
    }

    await second.pressOn(/^far-away/u, 'Delete');
    await second.row(/^far-away/u).waitFor({ state: 'detached' });
    await window.row(/^far-away/u).waitFor({ state: 'detached' });
    expect(await saved(scene)).toHaveLength(2);
    await second.close();
  });

  it('say which entry of the settings is broken, and go on with the others', async () => {
    const settings: Record<string, unknown> = JSON.parse(await readFile(settingsFile(scene), 'utf8'));
    const list = await saved(scene);
    const written = [{ id: 'Not An Id', provider: 'scripted', label: 'old-lab', settings: {} }, ...list];
    await writeFile(settingsFile(scene), JSON.stringify({ ...settings, 'aloft.connections': written }));
    await window.row(/^old-lab, badly set up, Its id is missing/u).waitFor();
    await window.row(/^coreweave, /u).waitFor();
    await window.screenshot('providers-broken');
    await window.clickOn(/^old-lab/u, 'Edit Connection Settings');
    await window.page.locator('.tab', { hasText: 'settings.json' }).waitFor();
    await window.page.locator('.editor-instance .view-line', { hasText: 'aloft.connections' }).first().waitFor();
    await window.closeEditors();
    await window.pressOn(/^old-lab/u, 'Delete');
    await window.row(/^old-lab/u).waitFor({ state: 'detached' });
    expect(await saved(scene)).toEqual(list);
    expect(window.complaints).toEqual([]);
  });

  it('keep the jobs of one that is removed while they run, and find them when it is added again', async () => {
    await site.control.setDefaultScript({ life: [{ state: 'running' }, { state: 'succeeded' }] });
    const form = await window.form();
    await form.locator('#field-command input').fill('python train.py');
    const picker = form.locator('#field-accelerator');
    await picker.focus();
    await picker.press('ArrowDown');
    await picker.pressSequentially('flame x8');
    await form.getByRole('option').nth(1).waitFor();
    await picker.press('ArrowDown');
    await picker.press('Enter');
    await form.locator('#submit').click();
    await window.row(/^Running: train/u).waitFor();
    await window.pressOn(/^\$\(flame\)/u, 'Delete');
    await window.dialog().waitFor();
    expect(await window.dialog().textContent()).toContain('A job on $(flame)');
    await window.answer('Remove');
    await window.row(/^\$\(flame\)/u).waitFor({ state: 'detached' });
    await window.row(/^Running: train.*last known/u).waitFor();
    await expect.poll(async () => await form.locator('#field-connection').textContent()).toContain('(removed)');
    await window.screenshot('providers-removed');

    await startAdding(window, 'lab-slurm', site.url);
    await window.row(/^lab-slurm, connected/u).waitFor();
    const [job] = await site.control.jobs();
    await site.control.advance(job?.id ?? '');
    await window.row(/^Succeeded: train/u).waitFor();
    expect(await site.control.jobs()).toHaveLength(1);
  });
});
