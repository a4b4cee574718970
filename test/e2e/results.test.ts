import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const script = `import json, os
os.makedirs("outputs/deep")
with open("outputs/result.json", "w") as result:
    json.dump({"answer": 42}, result)
with open("outputs/deep/weights.bin", "wb") as weights:
    weights.write(bytes(range(256)) * 8)
`;

describe('the results of a job', () => {
  let scene: Scene;
  let window: Window;
  let panel: Frame;
  let destination: string;

  aroundTests(
    async () => {
      scene = await Scene.set({ 'train.py': script });
      destination = scene.beside('results');
      await mkdir(join(destination, 'earlier'), { recursive: true });
      window = await scene.workbench.open();
      await window.showAloft();
      const form = await window.form();
      await form.locator('summary', { hasText: 'Results and limits' }).click();
      await form.locator('#field-outputs textarea').fill('outputs/**');
      await window.submit('python train.py');
      panel = await window.panel('train');
    },
    async () => {
      await scene.strike();
    },
  );

  const chooseDestination = async (): Promise<void> => {
    await window.chooseFile(`${destination}/`, 'Download Here', 'earlier');
  };

  it('are listed', async () => {
    await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
    await panel.locator('#tab-files').click();
    await expect
      .poll(async () => await panel.locator('.files table .mono').allTextContents())
      .toEqual(['outputs/deep/weights.bin', 'outputs/result.json']);
    expect(await panel.locator('.files .size').allTextContents()).toEqual(['2 kB', '14 B']);
    await window.screenshot('files');
  });

  it('are downloaded into a folder of choice', async () => {
    await panel.locator('vscode-button', { hasText: 'Download All' }).click();
    await chooseDestination();
    await (await window.notification('2 files of train')).waitFor();
    expect(await readFile(join(destination, 'outputs/result.json'), 'utf8')).toBe('{"answer": 42}');
    const weights = await readFile(join(destination, 'outputs/deep/weights.bin'));
    expect(weights).toEqual(
      Buffer.concat(Array.from({ length: 8 }, () => Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))),
    );
  });

  it('replace files that are there only when the person says so', async () => {
    const mine = join(destination, 'outputs/result.json');
    await writeFile(mine, 'mine');
    await panel.locator('vscode-button', { hasText: 'Download All' }).click();
    await chooseDestination();
    await expect.poll(async () => await window.dialog().textContent()).toContain('2 of these files are there already');
    await window.screenshot('replace-question');
    await window.answer('Cancel');
    expect(await readFile(mine, 'utf8')).toBe('mine');
    await panel.locator('vscode-button', { hasText: 'Download All' }).click();
    await chooseDestination();
    await window.answer('Replace');
    await expect.poll(async () => await readFile(mine, 'utf8')).toBe('{"answer": 42}');
  });

  it('open in an editor from the list', async () => {
    await panel.getByRole('button', { name: 'outputs/result.json', exact: true }).click();
    await window.page.getByRole('tab', { name: /result\.json/u }).waitFor();
    await expect.poll(async () => await window.page.locator('.view-lines').textContent()).toContain('"answer"');
    await window.screenshot('result-opened');
  });
});
