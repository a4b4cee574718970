import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

describe('what a person may get wrong', () => {
  let scene: Scene;
  let window: Window;
  let form: Frame;

  aroundTests(
    async () => {
      scene = await Scene.set({
        'reads.py': 'import os\nprint(sorted(os.listdir(".")))\n',
        '.env': 'PASSWORD=correct horse battery staple\n',
      });
      window = await scene.workbench.open();
      await window.showAloft();
      form = await window.form();
    },
    async () => {
      await scene.strike();
    },
  );

  const problemOf = (field: string): string => `.field:has(#field-${field}) .problem`;

  it('shows at the field what is wrong with it, while it is typed', async () => {
    await form.locator('#field-command input').fill('python reads.py');
    await form.locator('#field-nodes input').fill('two');
    await form.locator('#field-durationLimit input').fill('12');
    await form.locator('summary', { hasText: 'Set-up and environment' }).click();
    await form.getByLabel('Name of variable 1').fill('1A');
    await expect.poll(async () => await form.locator(problemOf('nodes')).textContent()).toMatch(/number|whole/iu);
    await expect.poll(async () => await form.locator(problemOf('durationLimit')).textContent()).toContain('12h');
    await expect
      .poll(async () => await form.locator('#field-env .problem').textContent())
      .toContain('beginning with a letter');
    await window.screenshot('problems');
  });

  it('does not submit a form with problems, and puts the cursor where the first is', async () => {
    await form.locator('#submit').click();
    await expect.poll(async () => await form.evaluate(() => document.activeElement?.id)).toBe('field-nodes');
    expect(await window.row(/reads/u).count()).toBe(0);
    await form.locator('#field-nodes input').fill('1');
    await form.locator('#field-durationLimit input').fill('12h');
    await form.getByLabel('Name of variable 1').fill('A1');
    await expect.poll(async () => await form.locator('.problem').count()).toBe(0);
  });

  it('holds a secret file back until it is included by a click', async () => {
    const heldBack = form.locator('.held-back');
    await heldBack.locator('summary', { hasText: '1 held back: .env' }).click();
    await window.screenshot('held-back');
    await form.locator('#submit').click();
    const without = await window.panel('reads');
    await expect.poll(async () => await window.logLines(without)).toEqual(["['reads.py']"]);
    await window.closeEditors();
    await form.getByRole('button', { name: 'Include .env' }).click();
    await form.getByText('.env is sent on your word').waitFor();
    await form.locator('#submit').click();
    const withIt = await window.panel('reads');
    await expect.poll(async () => await window.logLines(withIt)).toEqual(["['.env', 'reads.py']"]);
  });

  it('refuses a link that leaves the folder, and leaves no job behind', async () => {
    const jobs = await window.row(/reads/u).count();
    await writeFile(scene.beside('outside.txt'), 'not yours');
    await symlink(scene.beside('outside.txt'), join(scene.folder, 'leak'));
    await form.locator('#submit').click();
    await expect.poll(async () => await form.locator('.failure').textContent()).toContain('leak');
    await window.screenshot('link-refused');
    expect(await window.row(/reads/u).count()).toBe(jobs);
    await rm(join(scene.folder, 'leak'));
    await form.locator('#submit').click();
    await expect.poll(async () => await window.row(/^Succeeded: reads/u).count()).toBe(jobs + 1);
  });
});
