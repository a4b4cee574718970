import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import { startCluster, type StartedCluster } from '../emulators/kubernetes/startCluster.ts';
import { Cluster } from '../slurm/cluster.ts';
import { describeWithCluster } from '../slurm/describeWithCluster.ts';
import { sshdMissing } from '../slurm/sshd.ts';
import { type SshSite, startSshSite } from '../slurm/sshSite.ts';
import { aroundTests } from '../workbench/aroundTests.ts';
import { Scene } from '../workbench/scene.ts';
import { lookedAtIn, type Window } from '../workbench/workbench.ts';

const size = { width: 1440, height: 900 };

/** Answers what is asked with the keyboard, and counts the answers. */
class Answers {
  readonly #window: Window;
  count = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  /** A choice from a list whose box asks for it in these words. */
  async choose(question: string, label: string): Promise<void> {
    const { page } = this.#window;
    await this.question(question);
    await page.keyboard.type(label);
    const row = page.locator('.quick-input-list .monaco-list-row.focused', { hasText: label });
    await row.first().waitFor();
    await page.keyboard.press('Enter');
    this.count += 1;
  }

  async question(words: string): Promise<void> {
    await this.#window.page.locator(`.quick-input-widget input[placeholder*="${words}"]`).waitFor();
  }

  /** An accelerator from the form's list, which has the focus on its field. */
  async accelerator(name: string): Promise<void> {
    const { keyboard } = this.#window.page;
    const form = await this.#window.form();
    await keyboard.press('ArrowDown');
    await keyboard.type(name);
    await form.getByRole('option', { name }).first().waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await form.locator('#accelerator-list').waitFor({ state: 'detached' });
    this.count += 1;
  }
}

/** From the command to the question after the kind of provider was picked. */
async function addProvider(window: Window, kind: string): Promise<Answers> {
  await window.command('Aloft: Add Provider…');
  await new Answers(window).choose('What do you want to run jobs on?', kind);
  return new Answers(window);
}

/** What is asked first, in each theme; the person goes away from it each time but the last. */
async function look(window: Window, kind: string, question: string, name: string): Promise<Answers> {
  for (const [theme, short] of lookedAtIn) {
    await window.theme(theme);
    const answers = await addProvider(window, kind);
    await answers.question(question);
    await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await window.screenshot(`${name}-${short}`);
    await window.page.keyboard.press('Escape');
    await window.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }
  return await addProvider(window, kind);
}

/** Moves on with Tab from the form's first field until another one has the focus. */
async function tabTo(window: Window, id: string): Promise<void> {
  const form = await window.form();
  await expect.poll(async () => await form.evaluate(() => document.hasFocus())).toBe(true);
  const focused = async (): Promise<string | undefined> => await form.evaluate(() => document.activeElement?.id);
  for (let steps = 0; steps < 20 && (await focused()) !== id; steps += 1) {
    await window.page.keyboard.press('Tab');
  }
  expect(await focused()).toBe(id);
}

/** Once the last question is answered: the connection is chosen in the form, and the open file runs there on an H100. Gives its log. */
async function firstJob(
  window: Window,
  answers: Answers,
  { connection, told, name }: { readonly connection: RegExp; readonly told: string; readonly name: string },
): Promise<readonly string[]> {
  const form = await window.form();
  await expect
    .poll(async () => await form.locator('#field-connection').getAttribute('current-value'))
    .toMatch(connection);
  await (await window.notification(told)).first().waitFor();
  await window.screenshot(`${name}-added`);
  await window.command('Notifications: Clear All Notifications');
  await window.command('Aloft: New Job');
  await tabTo(window, 'field-accelerator');
  await answers.accelerator('H100');
  await window.page.keyboard.press('Control+Enter');
  const panel = await window.panel('hello');
  await expect.poll(async () => await panel.locator('.state').textContent()).toBe('Succeeded');
  await expect.poll(async () => (await window.logLines(panel)).length).toBeGreaterThan(0);
  await window.inThemes(`${name}-job`);
  return await window.logLines(panel);
}

/** Connections that the machine's own settings have. */
async function saved(scene: Scene): Promise<unknown> {
  const file = join(scene.storage, '..', '..', '..', 'Machine', 'settings.json');
  const settings: Readonly<Record<string, unknown>> = JSON.parse(await readFile(file, 'utf8'));
  return settings['aloft.connections'] ?? [];
}

describeWithCluster('a Slurm cluster behind a jump host', { missing: sshdMissing }, () => {
  let cluster: Cluster;
  let site: SshSite;
  let scene: Scene;
  let home: string;

  aroundTests(
    async () => {
      cluster = await Cluster.start();
      home = join(cluster.folder, 'login-home');
      site = await startSshSite({
        home,
        config: [`SetEnv HOME=${home} SLURM_CONF=${join(cluster.folder, 'slurm.conf')}`],
      });
      const own = join(cluster.folder, 'home');
      await mkdir(join(own, '.ssh'));
      await writeFile(join(own, '.ssh', 'config'), await readFile(site.configFile));
      // ssh looks for it in the home folder of the account, whatever HOME is. VS Code takes the PATH of a login shell.
      await mkdir(join(own, 'bin'));
      await writeFile(join(own, 'bin', 'ssh'), '#!/bin/sh\nexec /usr/bin/ssh -F "$HOME/.ssh/config" "$@"\n', {
        mode: 0o755,
      });
      await writeFile(join(own, '.profile'), 'PATH="$HOME/bin:$PATH"\n');
      scene = await Scene.set(
        { 'hello.sh': 'echo "GPU $CUDA_VISIBLE_DEVICES of partition $SLURM_JOB_PARTITION"\n' },
        { size, environment: { HOME: own } },
      );
    },
    async () => {
      await scene.strike();
      await site.dispose();
      await cluster.stop();
    },
  );

  it('is added and runs its first job in two choices, without a mouse', async () => {
    const window = await scene.workbench.open({ file: join(scene.folder, 'hello.sh') });
    await window.showAloft();
    const answers = await look(window, 'Slurm', 'Choose its login node', 'add-slurm');
    expect(await saved(scene)).toEqual([]);
    await answers.choose('Choose its login node', 'login');
    const log = await firstJob(window, answers, {
      connection: /^slurm-/u,
      told: 'Connected to login as root@127.0.0.1: 16 of 16 H100 free',
      name: 'add-slurm',
    });
    expect(log).toContain('GPU 0 of partition gpu');
    expect(answers.count).toBeLessThanOrEqual(3);
    expect(window.complaints).toEqual([]);
  });
});

const noContainers = whyNoContainers();

describe.skipIf(noContainers !== null)(
  `a Kubernetes cluster${noContainers ? ` (skipped: ${noContainers})` : ''}`,
  () => {
    let cluster: StartedCluster;
    let scene: Scene;
    let home: string;

    aroundTests(
      async () => {
        cluster = await startCluster({ nodes: 'nvidia', namespaces: ['vision', 'speech'] });
        home = await mkdtemp(join(tmpdir(), 'aloft-home-'));
        scene = await Scene.set(
          { 'hello.sh': 'echo "hello from rank ${NODE_RANK:-0}"\n' },
          { size, environment: { HOME: home, KUBECONFIG: cluster.kubeconfigPath } },
        );
      },
      async () => {
        await scene.strike();
        await cluster.stop();
        await rm(home, { recursive: true });
      },
    );

    it('is added and runs its first job in three choices, without a mouse', async () => {
      const window = await scene.workbench.open({ file: join(scene.folder, 'hello.sh') });
      await window.showAloft();
      const answers = await look(window, 'Kubernetes', 'Choose a context', 'add-kubernetes');
      expect(await saved(scene)).toEqual([]);
      await answers.choose('Choose a context', 'admin');
      await answers.question('Where your jobs run');
      await window.screenshot('add-kubernetes-namespace');
      await answers.choose('Where your jobs run', 'vision');
      const log = await firstJob(window, answers, {
        connection: /^kubernetes-/u,
        told: 'Connected to admin / vision as admin: 16 of 16 H100 free',
        name: 'add-kubernetes',
      });
      expect(log).toContain('hello from rank 0');
      expect(answers.count).toBeLessThanOrEqual(3);
      expect(window.complaints).toEqual([]);
    });
  },
);
