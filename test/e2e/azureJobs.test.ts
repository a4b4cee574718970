import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import { AzureLab } from '../fixtures/azure/lab.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const quickstart = join(import.meta.dirname, '..', '..', 'examples', 'quickstart');

describe.skipIf(whyNoContainers() !== null)('jobs on Azure Machine Learning', () => {
  let lab: AzureLab;
  let scene: Scene;
  let window: Window;
  let form: Frame;

  aroundTests(
    async () => {
      lab = await AzureLab.start();
      const error = {
        code: 'ClusterCoreQuotaReached',
        message: 'Operation results in exceeding quota limits of Core.',
      };
      lab.control.addCompute({ name: 'a100', vmSize: 'Standard_NC24ads_A100_v4', error });
      // Else VS Code asks a login shell for the PATH, which has another az or none.
      vi.stubEnv('VSCODE_CLI', '1');
      scene = await Scene.set(
        {
          'train.py': await readFile(join(quickstart, 'train.py'), 'utf8'),
          'model.py': await readFile(join(quickstart, 'model.py'), 'utf8'),
          'fails.py': 'import sys\nprint("no data", flush=True)\nsys.exit(3)\n',
        },
        {
          settings: {
            'aloft.connections': [{ id: 'vision', provider: 'azure', label: 'vision', settings: lab.settings }],
          },
          size: { width: 1440, height: 1000 },
        },
      );
      window = await scene.workbench.open();
      await window.showAloft();
      form = await window.form();
      await form.locator('#field-connection').click();
      await form.locator('#field-connection vscode-option', { hasText: 'vision' }).click();
    },
    async () => {
      await scene?.strike();
      await lab.stop();
      vi.unstubAllEnvs();
    },
  );

  const submit = async (command: string, name: string): Promise<Frame> => {
    await window.submit(command);
    return window.panel(name);
  };

  it('run the quickstart, with its log as it was printed', async () => {
    const panel = await submit('python3 train.py', 'train');
    await expect.poll(async () => panel.locator('.state').textContent()).toBe('Succeeded');
    await expect.poll(async () => (await window.logLines(panel)).length).toBeGreaterThan(5);
    const [job] = lab.control.jobs();
    const printed = job === undefined ? '' : await logOf(lab, job.name);
    const shown = await window.logLines(panel);
    expect(shown.filter((line) => line.includes('loss')).length).toBe(
      printed.split('\n').filter((line) => line.includes('loss')).length,
    );
    expect(lab.control.jobs()).toHaveLength(1);
    await window.screenshot('azure-succeeded');
  });

  it('that fail say with which exit code', async () => {
    const panel = await submit('python3 fails.py', 'fails');
    await expect.poll(async () => panel.locator('.state').textContent()).toBe('Failed');
    await expect.poll(async () => panel.locator('body').textContent()).toContain('exit');
    await window.screenshot('azure-failed');
  });

  it('that wait for a cluster say why, in Azure’s own words too', async () => {
    lab.control.withholdCapacity(() => true);
    const section = form.locator('details', { hasText: 'Options of vision' });
    await section.locator('summary').click();
    await section.getByRole('combobox', { name: 'Compute' }).fill('a100');
    await section.getByRole('option', { name: /a100/u }).waitFor();
    await window.page.keyboard.press('Enter');
    const panel = await submit('python3 train.py', 'train');
    await expect.poll(async () => panel.locator('body').textContent()).toContain('The cluster a100 cannot grow');
    await expect.poll(async () => panel.locator('body').textContent()).toContain('ClusterCoreQuotaReached');
    await window.screenshot('azure-waiting');
  });

  it('are previewed as they are sent, and as a file of az ml', async () => {
    await form.getByRole('button', { name: 'Preview' }).click();
    const editor = window.page.locator('.monaco-editor .view-lines').first();
    await expect
      .poll(async () => (await editor.textContent())?.replaceAll('\u00a0', ' '))
      .toContain('az ml job create');
    await window.screenshot('azure-preview');
  });
});

async function logOf(lab: AzureLab, job: string): Promise<string> {
  const name = `ExperimentRun/dcid.${job}/user_logs/std_log.txt`;
  const client = lab.control.storage.container('azureml').getBlobClient(name);
  return (await client.exists()) ? (await client.downloadToBuffer()).toString() : '';
}
