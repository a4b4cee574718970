import { join } from 'node:path';

import type { Plugin } from 'esbuild';

import { makeExtensionVariant } from './extensionVariant.ts';

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
  const folder = join(import.meta.dirname, '..', '..', 'out', 'scriptedExtension');
  await makeExtensionVariant(folder, scriptedEntries);
  return folder;
}
