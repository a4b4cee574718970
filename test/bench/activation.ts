import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Plugin } from 'esbuild';

import { makeExtensionVariant } from '../workbench/extensionVariant.ts';
import { type Window, Workbench } from '../workbench/workbench.ts';
import { median } from './median.ts';

const root = join(import.meta.dirname, '..', '..');
const windows = 10;
const patience = 60_000;

interface Times {
  readonly load: number;
  readonly activate: number;
}

/**
 * Milliseconds that VS Code itself counts, median of ten windows: the call of `activate`, and loading the code before it. The
 * latter waits its turn among the other extensions that start then; beside it, a small one of VS Code's own.
 */
export async function benchActivation(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-activation-'));
  try {
    const workbench = await Workbench.start({ folder: base, dataFolder: join(base, 'server') });
    try {
      const ours: Times[] = [];
      const peer: Times[] = [];
      for (let round = 0; round < windows; round += 1) {
        const report = await startupReport(workbench);
        ours.push(timesOf('aloft.aloft', report));
        peer.push(timesOf('vscode.merge-conflict', report));
      }
      return {
        'activate.ms': median(ours.map(({ activate }) => activate)),
        'activate.ms.peer': median(peer.map(({ activate }) => activate)),
        'activate.load.ms': median(ours.map(({ load }) => load)),
        'activate.load.ms.peer': median(peer.map(({ load }) => load)),
      };
    } finally {
      await workbench.stop();
    }
  } finally {
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The same of this extension and of one that does not know of Google Cloud and Azure, in turns. */
export async function benchActivationWithoutClouds(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-activation-'));
  const workbenches: Workbench[] = [];
  try {
    const without = join(base, 'without');
    await makeExtensionVariant(without, withoutProviders(['azure', 'google']), true);
    for (const extension of [root, without]) {
      const dataFolder = join(base, `server${workbenches.length}`);
      workbenches.push(await Workbench.start({ folder: base, dataFolder, extension }));
    }
    const times: Times[][] = workbenches.map(() => []);
    for (let round = 0; round < windows; round += 1) {
      for (const [index, workbench] of workbenches.entries()) {
        times[index]?.push(timesOf('aloft.aloft', await startupReport(workbench)));
      }
    }
    const [activate, activateWithout] = times.map((each) => median(each.map((one) => one.activate)));
    const [load, loadWithout] = times.map((each) => median(each.map((one) => one.load)));
    return {
      'activate.ms': activate ?? Number.NaN,
      'activate.ms.peer.without.clouds': activateWithout ?? Number.NaN,
      'activate.load.ms': load ?? Number.NaN,
      'activate.load.ms.peer.without.clouds': loadWithout ?? Number.NaN,
    };
  } finally {
    await Promise.all(workbenches.map(async (workbench) => await workbench.stop()));
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Leaves these providers out of what `extension.js` knows. */
function withoutProviders(providers: readonly string[]): Plugin {
  return {
    name: 'without-providers',
    setup(plugin) {
      plugin.onLoad({ filter: /providerEntries\.ts$/ }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const provider of providers) {
          const entry = new RegExp(String.raw`^  \{\n    id: '${provider}',\n(?:    .*\n)*?  \},\n`, 'mu');
          if (!entry.test(contents)) {
            throw new Error(`no provider ${provider} to leave out`);
          }
          contents = contents.replace(entry, '').replace(new RegExp(`^import .*/${provider}/.*\n`, 'mu'), '');
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** What "Developer: Startup Performance" says in a new window, once the extension is active. */
async function startupReport(workbench: Workbench): Promise<string> {
  const window = await workbench.open();
  try {
    await window.command('Developer: Show Running Extensions');
    const running = window.page.locator('.runtime-extensions-editor .extension').filter({ hasText: /aloft/iu });
    await running.locator('.activation-time').filter({ hasText: /\d+ms/u }).waitFor({ timeout: patience });
    await window.page.keyboard.press('Escape');
    await running.waitFor({ state: 'detached', timeout: patience });
    await window.command('Developer: Startup Performance');
    return await copiedText(window, 'aloft.aloft');
  } finally {
    await window.close();
  }
}

/** The text of the editor that was just opened, which is virtual on the screen. */
async function copiedText(window: Window, expected: string): Promise<string> {
  await window.page.locator('.editor-instance .view-line').first().waitFor({ timeout: patience });
  const end = Date.now() + patience;
  while (Date.now() < end) {
    await window.page.keyboard.press('ControlOrMeta+A');
    await window.page.keyboard.press('ControlOrMeta+C');
    const text = await window.page.evaluate(async () => await navigator.clipboard.readText());
    if (text.includes(expected)) {
      return text;
    }
    await window.page.waitForTimeout(200);
  }
  throw new Error(`Startup Performance does not mention ${expected}`);
}

/** Of the table's row `| Extension | Eager | Load Code | Call Activate | Finish Activate | ...`. */
function timesOf(extension: string, report: string): Times {
  const row = report.split('\n').find((line) => line.startsWith(`| ${extension} `));
  const [, , , load, activate] = row?.split('|').map((cell) => Number(cell)) ?? [];
  if (load === undefined || activate === undefined || !Number.isFinite(load + activate)) {
    throw new Error(`Startup Performance has no times of ${extension}`);
  }
  return { load, activate };
}
