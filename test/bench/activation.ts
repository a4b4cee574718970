import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Workbench } from '../workbench/workbench.ts';
import { median } from './median.ts';

const windows = 10;
/** How long one window may take to come up, in ms. */
const patience = 60_000;

/** Milliseconds that VS Code itself counts for the extension: loading its code and the call of `activate`, over ten windows. */
export async function benchActivation(): Promise<Record<string, number>> {
  const base = await mkdtemp(join(tmpdir(), 'aloft-bench-activation-'));
  try {
    const workbench = await Workbench.start({ folder: base, dataFolder: join(base, 'server') });
    try {
      const times: number[] = [];
      for (let round = 0; round < windows; round += 1) {
        times.push(await activationTime(workbench));
      }
      return {
        'activate.ms': median(times),
        'activate.ms.least': Math.min(...times),
        'activate.ms.most': Math.max(...times),
      };
    } finally {
      await workbench.stop();
    }
  } finally {
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Opens a window, with an extension host of its own, and reads what its list of running extensions says. */
async function activationTime(workbench: Workbench): Promise<number> {
  const window = await workbench.open();
  try {
    await window.command('Developer: Show Running Extensions');
    const row = window.page.locator('.runtime-extensions-editor .extension').filter({ hasText: /aloft/iu });
    const time = row.locator('.activation-time').filter({ hasText: /\d+ms/u });
    const text = (await time.textContent({ timeout: patience })) ?? '';
    const ms = Number(/(\d+)ms/u.exec(text)?.[1]);
    if (!Number.isFinite(ms)) {
      throw new Error(`Running Extensions shows no activation time of the extension, but: ${text}`);
    }
    return ms;
  } finally {
    await window.close();
  }
}
