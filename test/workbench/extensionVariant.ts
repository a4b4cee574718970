import { cp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

import { ownBundles } from '../../scripts/ownBundles.ts';

const root = join(import.meta.dirname, '..', '..');

/** Makes the extension as it was built into a folder, but for what the plugin changes in `extension.js`. */
export async function makeExtensionVariant(folder: string, change: Plugin, minify = false): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'package.nls.json', 'media', 'l10n']) {
    await symlink(join(root, name), join(folder, name));
  }
  await build({
    entryPoints: [join(root, 'src', 'extension.ts')],
    outfile: join(folder, 'dist', 'extension.js'),
    bundle: true,
    minify,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    mainFields: ['module', 'main'],
    plugins: [change, ownBundles],
    logLevel: 'warning',
  });
}
