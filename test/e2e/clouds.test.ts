import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Frame } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';

import { type StartedAzure, startAzure } from '../emulators/azure/startAzure.ts';
import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import { type StartedGoogle, startGoogle } from '../emulators/google/startGoogle.ts';
import { settingsFor } from '../fixtures/azure/connection.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import type { Window } from '../workbench/workbench.ts';

const quickstart = join(import.meta.dirname, '..', '..', 'examples', 'quickstart');

interface Cloud {
  readonly label: string;
  readonly id: string;
  readonly accelerator: string;
  /** What the preview shows of the native request. */
  readonly request: readonly string[];
  /** What the command that is copied begins with. */
  readonly command: string;
  /** How many jobs there are. */
  count(): number;
  /** Jobs wait until the returned function is called. */
  holdQueue(): () => void;
  /** What a waiting job says. */
  readonly waits: RegExp;
  /** The next job does not get its machine; what is said of it. */
  refuse(): void;
  readonly refused: RegExp;
}

const noContainers = whyNoContainers();

describe.skipIf(noContainers !== null)(
  `jobs on clouds${noContainers === null ? '' : ` (skipped: ${noContainers})`}`,
  () => {
    let google: StartedGoogle;
    let azure: StartedAzure;
    let scene: Scene;
    let window: Window;
    let form: Frame;

    aroundTests(
      async () => {
        [google, azure] = await Promise.all([startGoogle(), startAzure()]);
        vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsPath);
        vi.stubEnv('PATH', azure.path);
        // VS Code takes its environment from here then, and not from the login shell, which knows another `az`.
        vi.stubEnv('VSCODE_CLI', '1');
        const files = await Promise.all(
          // By its name each job has a panel that cannot be taken for another.
          ['model.py', ...clouds.flatMap(({ id }) => ['run', 'fail', 'more'].map((what) => `${what}_${id}.py`))].map(
            async (name) =>
              [name, await readFile(join(quickstart, name === 'model.py' ? name : 'train.py'), 'utf8')] as const,
          ),
        );
        const { project, bucket, endpoints } = google;
        const connections = [
          {
            id: 'google-lab',
            provider: 'google',
            label: 'google-lab',
            settings: { project: project.id, regions: [...project.regions], bucket, endpoints },
          },
          {
            id: 'azure-vision',
            provider: 'azure',
            label: 'azure-vision',
            settings: settingsFor(azure),
          },
        ];
        scene = await Scene.set(Object.fromEntries(files), {
          settings: { 'aloft.connections': connections },
          size: { width: 1440, height: 1000 },
        });
        window = await scene.workbench.open();
        await window.showAloft();
        form = await window.form();
        await form.locator('summary', { hasText: 'Results and limits' }).click();
      },
      async () => {
        await scene.strike();
        await Promise.all([google.stop(), azure.stop()]);
        vi.unstubAllEnvs();
      },
    );

    const clouds: readonly Cloud[] = [
      {
        label: 'google-lab',
        id: 'google',
        accelerator: 'L4',
        request: ['machineType', 'g2-standard', 'NVIDIA_L4'],
        command: 'gcloud ai custom-jobs create',
        count: () => google.control.jobs.all().length,
        holdQueue: () => google.control.holdQueue(),
        waits: /Vertex AI has it in its queue/u,
        refuse: () => {
          google.control.jobs.addShortage({ machine: 'NVIDIA_L4' });
        },
        refused: /has no machines like these left/u,
      },
      {
        label: 'azure-vision',
        id: 'azure',
        accelerator: 'MI300X',
        request: ['/jobs/aloft-', 'within 1d, Aloft cancels it'],
        command: 'az ml job create',
        count: () => azure.control.jobs().length,
        holdQueue: () => azure.control.holdQueue(),
        waits: /It waits until Azure has a machine of the size Standard_ND96isr?_MI300X_v5 for it/u,
        refuse: () => {
          azure.control.catalog.setLimit('standardNDISv5MI300XFamily', 0);
        },
        refused: /The quota for cores of this kind in this region is used up/u,
      },
    ];

    const clipboard = async (): Promise<string> =>
      await window.page.evaluate(async () => await navigator.clipboard.readText());
    const choose = async ({ label, accelerator }: Cloud): Promise<void> => {
      await form.locator('#field-connection').click();
      await form.locator('#field-connection vscode-option', { hasText: label }).click();
      const picker = form.locator('#field-accelerator');
      await picker.focus();
      await picker.press('ArrowDown');
      await picker.fill(accelerator);
      await form
        .getByRole('option', { name: new RegExp(`^${accelerator}`, 'u') })
        .first()
        .click();
      await expect.poll(async () => await form.locator('#field-connection').textContent()).toContain(label);
    };

    for (const cloud of clouds) {
      it(`${cloud.id}: the native request is shown before it is sent`, async () => {
        await choose(cloud);
        await form.locator('#field-command input').fill(`python3 run_${cloud.id}.py --delay 0 --steps 60`);
        await form.getByRole('button', { name: 'Preview' }).click();
        const editor = window.page.locator('.monaco-editor .view-lines').first();
        for (const part of cloud.request) {
          await expect.poll(async () => (await editor.textContent())?.replaceAll('\u00a0', ' ')).toContain(part);
        }
        await window.inThemes(`cloud-${cloud.id}-preview`);
        await window.command('Aloft: Copy Request');
        const send = window.dialog().getByRole('button', { name: 'Send Code and Copy' });
        await send.waitFor();
        await window.screenshot(`cloud-${cloud.id}-copy`);
        await send.click();
        await expect.poll(clipboard).toContain(cloud.command);
        expect((await clipboard()).split('\n')[0]).toMatch(/^: '.* a job of its own, .* already in the storage\.'$/u);
        expect(cloud.count()).toBe(0);
        await window.closeEditors();
      });

      it(`${cloud.id}: the quickstart runs, its real log is read, its results are there`, async () => {
        await form.locator('#field-outputs textarea').fill('outputs/**');
        const before = cloud.count();
        await window.submit(`python3 run_${cloud.id}.py --delay 0 --steps 60`);
        const panel = await window.panel(`run_${cloud.id}`);
        await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
        await expect.poll(async () => (await window.logLines(panel)).join('\n')).toContain('outputs/result.json');
        const steps = (await window.logLines(panel)).join('\n').matchAll(/step\s+(\d+)\/60\s+loss/gu);
        expect([...steps].map(([, step]) => step)).toEqual(['25', '50', '60']);
        expect(cloud.count()).toBe(before + 1);
        await window.inThemes(`cloud-${cloud.id}-succeeded`);
        await panel.locator('#tab-files').click();
        await panel.getByText('result.json').first().waitFor();
        await window.screenshot(`cloud-${cloud.id}-files`);
        await window.closeEditors();
      });

      it(`${cloud.id}: a wait and a failure of the code are explained`, async () => {
        const release = cloud.holdQueue();
        await window.submit(`python3 fail_${cloud.id}.py --delay 0 --fail-at 20`);
        const panel = await window.panel(`fail_${cloud.id}`);
        await expect.poll(async () => await panel.locator('.panel').textContent()).toMatch(cloud.waits);
        await window.inThemes(`cloud-${cloud.id}-waiting`);
        release();
        await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Failed');
        await expect.poll(async () => await panel.locator('.panel').textContent()).toContain('exit code 1');
        await expect.poll(async () => (await window.logLines(panel)).join('\n')).toContain('Traceback');
        await window.inThemes(`cloud-${cloud.id}-failed`);
        await window.closeEditors();
      });

      it(`${cloud.id}: what the cloud refuses is explained`, async () => {
        cloud.refuse();
        await window.submit(`python3 more_${cloud.id}.py --delay 0 --steps 60`);
        const panel = await window.panel(`more_${cloud.id}`);
        await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Failed');
        await expect.poll(async () => await panel.locator('.panel').textContent()).toMatch(cloud.refused);
        await window.inThemes(`cloud-${cloud.id}-refused`);
        expect(window.complaints).toEqual([]);
        await window.closeEditors();
      });
    }
  },
);
