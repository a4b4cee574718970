import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

import { ownBundles } from '../../scripts/ownBundles.ts';

const root = join(import.meta.dirname, '..', '..');

/** Takes the providers of tests instead of those that ship. */
const scriptedEntries: Plugin = {
  name: 'scripted-entries',
  setup(plugin) {
    plugin.onResolve({ filter: /\/providerEntries\.ts$/ }, ({ importer }) =>
      importer.endsWith('extension.ts') ? { path: join(import.meta.dirname, 'scriptedEntries.ts') } : undefined,
    );
  },
};

/** The extension as it was built, but with the scripted cloud among its providers. Resolves to its folder. */
export async function scriptedExtension(): Promise<string> {
  const folder = join(root, 'out', 'scriptedExtension');
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  await mkdir(folder, { recursive: true });
  for (const name of ['package.json', 'package.nls.json', 'media', 'l10n']) {
    await symlink(join(root, name), join(folder, name));
  }
  await build({
    entryPoints: [join(root, 'src', 'extension.ts')],
    outfile: join(folder, 'dist', 'extension.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    mainFields: ['module', 'main'],
    plugins: [scriptedEntries, ownBundles],
    logLevel: 'warning',
  });
  return folder;
}
