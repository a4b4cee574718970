import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import manifest from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..', '..');

const files = {
  'bundle.host.bytes': 'dist/extension.js',
  'bundle.panels.bytes': 'dist/panelsPart.js',
  'bundle.engine.bytes': 'dist/engine.js',
  'bundle.local.bytes': 'dist/providers/local.js',
  'bundle.supervisor.bytes': 'dist/supervisor.js',
  'bundle.submit.bytes': 'dist/webview/submit.js',
  'bundle.job.bytes': 'dist/webview/job.js',
  'vsix.bytes': `${manifest.name}-${manifest.version}.vsix`,
};

/** Bytes of each bundle and of the VSIX, as they were built last. */
export async function benchSizes(): Promise<Record<string, number>> {
  const sizes = Object.entries(files).map(async ([key, file]) => [key, (await stat(join(root, file))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}
