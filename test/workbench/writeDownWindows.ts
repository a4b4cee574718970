import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { openWindows } from './workbench.ts';

const results = join(import.meta.dirname, '..', '..', 'out', 'results');

/** What a person would have seen: a picture of each window, and its rows and messages as text for where pictures cannot be looked at. */
export async function writeDownWindows(what: string): Promise<void> {
  await mkdir(results, { recursive: true });
  for (const [index, window] of [...openWindows].entries()) {
    const name = `failed-${what.replaceAll(/[^A-Za-z0-9]+/gu, '-').slice(0, 60)}-${index}`;
    const seen = await window.describe().catch(String);
    await window.screenshot(name).catch(() => undefined);
    await appendFile(join(results, 'failures.txt'), `${what}, window ${index} (${name}.png):\n${seen}\n`);
  }
}
