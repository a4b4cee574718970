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

describe.skipIf(whyNoContainers() !== null)('a job that waits for a cluster of Azure', () => {
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
      lab.control.withholdCapacity(() => true);
      // Else VS Code asks a login shell for the PATH, which has another az or none.
      vi.stubEnv('VSCODE_CLI', '1');
      scene = await Scene.set(
        {
          'train.py': await readFile(join(quickstart, 'train.py'), 'utf8'),
          'model.py': await readFile(join(quickstart, 'model.py'), 'utf8'),
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

  it('says why, in Azure’s own words too', async () => {
    const section = form.locator('details', { hasText: 'Options of vision' });
    await section.locator('summary').click();
    await section.getByRole('combobox', { name: 'Compute' }).fill('a100');
    await section.getByRole('option', { name: /a100/u }).waitFor();
    await window.page.keyboard.press('Enter');
    await window.submit('python3 train.py');
    const panel = await window.panel('train');
    await expect.poll(async () => panel.locator('body').textContent()).toContain('The cluster a100 cannot grow');
    await expect.poll(async () => panel.locator('body').textContent()).toContain('ClusterCoreQuotaReached');
    await window.screenshot('azure-waiting');
  });
});
