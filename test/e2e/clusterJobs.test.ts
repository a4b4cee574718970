import { join } from 'node:path';

import type { Frame } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import type { JobScriptInput } from '../emulators/scripted/script.ts';
import { type Backend, startBackend } from '../emulators/scripted/startBackend.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import { scriptedExtension } from '../workbench/scriptedExtension.ts';
import type { Window } from '../workbench/workbench.ts';

const waiting: JobScriptInput = {
  life: [
    {
      state: 'queued',
      native: 'PENDING',
      reason: 'Resources',
      explanation: 'all H100 nodes are in use',
      startsInMs: 5 * 3_600_000,
    },
    { state: 'cancelled' },
  ],
};

const training: JobScriptInput = {
  life: [{ state: 'queued', forMs: 200 }, { state: 'running' }],
  nodes: 4,
  log: Array.from({ length: 12 }, (_, index) => ({
    text: `step ${4100 + Math.floor(index / 4)} | loss ${(2.09 - index / 400).toFixed(4)} | 41.0k tok/s\n`,
    node: index % 4,
  })),
  ports: { 6006: '<h1>TensorBoard</h1>' },
};

const sweep: JobScriptInput = {
  life: [
    { state: 'queued', forMs: 200 },
    {
      state: 'running',
      tasks: [
        ...Array.from({ length: 7 }, () => 'succeeded' as const),
        'failed',
        ...Array.from({ length: 4 }, () => 'running' as const),
        ...Array.from({ length: 12 }, () => 'queued' as const),
      ],
    },
  ],
  tasks: 24,
  log: Array.from({ length: 12 }, (_, task) => ({ text: `lr ${(3e-4 * (task + 1)).toExponential(1)}\n`, task })),
};

describe('jobs of a cluster', () => {
  let scene: Scene;
  let window: Window;
  let cluster: Backend;
  let form: Frame;

  aroundTests(
    async () => {
      cluster = await startBackend();
      await cluster.control.setConditions({ expectedWaitMs: 3 * 3_600_000 });
      const connections = [
        { id: 'lab', provider: 'scripted', label: 'lab-cluster', settings: { url: cluster.url } },
        {
          id: 'site',
          provider: 'scripted',
          label: 'site',
          settings: { url: cluster.url, runFolders: { host: 'login.lab', path: '/scratch/ada/runs' } },
        },
      ];
      scene = await Scene.set(
        {
          'train.py': 'print("hello")\n',
          'array.sh': '#!/bin/bash\n#SBATCH --array=0-23\npython train.py\n',
        },
        {
          extension: await scriptedExtension(),
          // Only so is the terminal's text in the page.
          settings: { 'aloft.connections': connections, 'terminal.integrated.gpuAcceleration': 'off' },
          size: { width: 1440, height: 1000 },
        },
      );
      window = await scene.workbench.open();
      await window.showAloft();
      form = await window.form();
    },
    async () => {
      await scene.strike();
      await cluster.stop();
    },
  );

  const clipboard = async (): Promise<string> =>
    await window.page.evaluate(async () => await navigator.clipboard.readText());
  const screen = async (): Promise<string> =>
    (await window.page.locator('.terminal-wrapper.active .xterm-rows').textContent())?.replaceAll('\u00a0', ' ') ?? '';
  const submit = async (command: string, script: JobScriptInput): Promise<Frame> => {
    await cluster.control.setDefaultScript(script);
    await window.submit(command);
    return await window.panel(command.split(' ').find((word) => word.includes('.')) ?? command);
  };

  it('are chosen in the form with options that only this cluster has', async () => {
    await form.locator('#field-connection').click();
    await form.locator('#field-connection vscode-option', { hasText: 'lab-cluster' }).click();
    const section = form.locator('details', { hasText: 'Options of lab-cluster' });
    await section.locator('summary').click();
    await section.getByRole('combobox', { name: 'Account' }).fill('lab-v');
    await section.getByRole('option', { name: /lab-vision/u }).waitFor();
    await window.page.keyboard.press('Enter');
    await expect.poll(async () => await section.locator('summary').textContent()).toContain('1 set');
    await section.getByRole('combobox', { name: 'Queue' }).click();
    await section.getByRole('option', { name: /debug/u }).waitFor();
    await window.screenshot('cluster-options-list');
    await window.inThemes('cluster-options');
    await form.locator('[id="field-options.queue"]').press('Escape');
  });

  it('are shown to the cluster in the preview before they are sent', async () => {
    await form.locator('#field-command input').fill('python train.py');
    await form.getByRole('button', { name: 'Preview' }).click();
    const editor = window.page.locator('.monaco-editor .view-lines').first();
    await expect
      .poll(async () => (await editor.textContent())?.replaceAll('\u00a0', ' '))
      .toContain('Yes: the request is sound and would be queued.');
    await window.inThemes('cluster-preview');
    await window.command('Aloft: Copy Request');
    await expect.poll(clipboard).toContain('"options"');
    expect(JSON.parse(await clipboard())).toMatchObject({
      spec: { command: 'python train.py', options: { account: 'lab-vision' } },
    });
    expect(await cluster.control.jobs()).toEqual([]);
    await window.closeEditors();
  });

  it('are refused, or not answered, in the preview with a word of it', async () => {
    const preview = async (): Promise<void> => {
      await form.getByRole('button', { name: 'Preview' }).click();
    };
    const text = async (): Promise<string> =>
      (await window.page.locator('.monaco-editor .view-lines').first().textContent())?.replaceAll('\u00a0', ' ') ?? '';
    await form.locator('[id="field-options.queue"]').click();
    await form.getByRole('option', { name: /closed/u }).click();
    await preview();
    await expect.poll(text).toContain('No: the queue closed takes no jobs.');
    await expect.poll(text).toContain('| 9 FAILED_PRECONDITION: queue closed is CLOSED');
    await window.screenshot('cluster-preview-refused');

    await cluster.control.addFault({ on: 'dryRun', kind: 'fail', tag: 'auth' });
    await preview();
    await expect.poll(text).toContain('It could not be asked. The scripted backend refused: auth. Sign in again.');

    await cluster.control.addFault({ on: 'dryRun', kind: 'hang' });
    await preview();
    await expect.poll(text).toContain('Asking lab-cluster…');
    await expect.poll(text).toContain('"command": "python train.py"');
    const asking = await window.notification(/Asking lab-cluster whether it would take this job/u);
    // The newest stands first; one that is over may still be there.
    await asking.first().getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(text).toContain('It was not asked to the end. Press Preview to ask again.');

    await form.locator('[id="field-options.queue"]').click();
    await form.getByRole('option', { name: /Default/u }).click();
    await window.closeEditors();
  });

  it('say why they wait and when they are expected to start', async () => {
    const panel = await submit('python moe.py', waiting);
    await panel.locator('.reason', { hasText: 'all H100 nodes are in use, expected to start about' }).waitFor();
    expect(await panel.locator('.reason').first().textContent()).toContain('PENDING: Resources');
    expect(await panel.locator('vscode-button', { hasText: 'Shell' }).getAttribute('title')).toBe(
      'moe.py is not running.',
    );
    await window.row(/^Queued: moe\.py, lab-cluster · all H100 nodes are in use, expected to start about/u).waitFor();
    await panel.locator('#tab-details').click();
    const history = panel.locator('.history');
    await history.getByText('Waiting in the queue: all H100 nodes are in use').waitFor();
    await window.inThemes('cluster-waiting');
    await panel.locator('#tab-log').click();
  });

  it('show their tasks', async () => {
    const panel = await submit('python sweep.py', sweep);
    await panel.locator('.facts', { hasText: '8 of 24 tasks, 1 failed' }).first().waitFor();
    await panel.locator('.counts', { hasText: '7 succeeded' }).waitFor();
    await window.row(/^Running: sweep\.py, lab-cluster · CPU · 8 of 24 tasks, 1 failed/u).waitFor();
    await panel.locator('.row .stream', { hasText: 'task 11' }).waitFor();
    await window.inThemes('cluster-tasks');
    await panel.locator('#tab-details').click();
    expect(await panel.locator('.details tr', { hasText: 'task' }).first().textContent()).toContain('task 7');
    await window.screenshot('cluster-tasks-details');
    await panel.locator('#tab-log').click();
  });

  it('show their nodes, whose lines can be told apart and filtered', async () => {
    const panel = await submit('torchrun pretrain.py', training);
    await panel.locator('.counts', { hasText: '4 running' }).waitFor();
    await panel.locator('.row .stream', { hasText: 'node 3' }).first().waitFor();
    await panel.locator('.log-scroller').press('f');
    await panel.locator('.log-filter').waitFor();
    await panel.getByText('Streams').first().click();
    await panel.getByLabel('stdout · node 1').check();
    await expect
      .poll(async () => new Set(await panel.locator('.row .stream').allTextContents()))
      .toEqual(new Set(['node 1']));
    await window.inThemes('cluster-nodes');
    await panel.locator('.log-scroller').press('f');
  });

  it('open a shell in the node that is picked, which says when it is lost', async () => {
    const panel = await window.panel('pretrain.py');
    await panel.getByRole('button', { name: 'Shell' }).click();
    await window.pick('node 2');
    await window.page.locator('.xterm-helper-textarea').first().focus();
    await expect.poll(screen).toContain('ada@node-2:~$');
    await window.page.keyboard.type('rev eßürg');
    await window.page.keyboard.press('Enter');
    await expect.poll(screen).toContain('grüße');
    await window.inThemes('cluster-shell');
    await cluster.control.loseLinks();
    await expect.poll(screen).toContain('Press Enter to open another one');
    await window.page.locator('.xterm-helper-textarea').first().focus();
    await window.page.keyboard.press('Enter');
    await window.page.keyboard.type('rev abc');
    await window.page.keyboard.press('Enter');
    await expect.poll(screen).toContain('cba');
    await window.screenshot('cluster-shell-again');
  });

  it('forward a port that can be opened, copied and stopped', async () => {
    const panel = await window.panel('pretrain.py');
    await panel.getByRole('button', { name: 'Forward Port' }).click();
    await window.pick('node 0');
    await window.pick('6006');
    const line = panel.locator('.forward', { hasText: 'Port 6006 of node 0' });
    await line.waitFor();
    await window.inThemes('cluster-port');
    await line.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(clipboard).toContain('6006');
    await line.getByRole('button', { name: 'Stop' }).click();
    await line.waitFor({ state: 'detached' });
  });

  it('take their shells and ports along when they end', async () => {
    const panel = await window.panel('pretrain.py');
    const job = (await cluster.control.jobs()).find(({ name }) => name === 'pretrain.py');
    await cluster.control.live(job?.id ?? '', [{ state: 'failed', exitCode: 1 }]);
    await expect.poll(screen).toContain('The job does not run any more. Failed: exit code 1.');
    await panel.getByRole('button', { name: 'Shell' }).waitFor({ state: 'detached' });
    await window.screenshot('cluster-ended');
    expect(window.complaints).toEqual([]);
  });

  it('say on which machine their run folder is, and open no folder of that name here', async () => {
    await form.locator('#field-connection').click();
    await form.locator('#field-connection vscode-option', { hasText: 'site' }).click();
    const panel = await submit('python there.py', waiting);
    await panel.getByRole('button', { name: 'Open Run Folder' }).click();
    const told = await window.notification(/The run folder is \/scratch\/ada\/runs\/.* on login\.lab\./u);
    await told.getByRole('button', { name: 'Copy Path' }).click();
    await expect.poll(clipboard).toMatch(/^\/scratch\/ada\/runs\/aloft-/u);
  });

  it('hand a script to Slurm that is written for it', async () => {
    const other = await scene.workbench.open({ file: join(scene.folder, 'array.sh') });
    await other.showAloft();
    const command = (await other.form()).locator('#field-command input');
    await expect.poll(async () => await command.inputValue()).toBe('sbatch array.sh');
    await other.close();
  });
});
