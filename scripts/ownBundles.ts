import { basename } from 'node:path';

import type { Plugin } from 'esbuild';

/**
 * Dynamic imports of the engine, of parts of the editor, of providers and of what these seldom need stay imports of their own files,
 * loaded on first use.
 */
export const ownBundles: Plugin = {
  name: 'own-bundles',
  setup(plugin) {
    plugin.onResolve(
      { filter: /\/(?:engine|connectionsPart|panelsPart|azureIdentity|providers\/[a-z]+\/index)\.ts$/ },
      ({ kind, path }) => {
        if (kind !== 'dynamic-import') {
          return undefined;
        }
        const provider = /providers\/([a-z]+)\//.exec(path)?.[1];
        const name = provider === undefined ? basename(path, '.ts') : `providers/${provider}`;
        return { path: `./${name}.js`, external: true };
      },
    );
  },
};
