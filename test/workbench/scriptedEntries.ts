import type { ProviderEntry } from '../../src/editor/connections/providerCatalog.ts';
import { providerEntries as shipped } from '../../src/providerEntries.ts';
import { scriptedAbilities } from '../emulators/scripted/request.ts';

/** What ships, a cloud that a test scripts, and one whose bundle is damaged. */
export const providerEntries: readonly ProviderEntry[] = [
  ...shipped,
  {
    id: 'scripted',
    label: 'Scripted cloud',
    abilities: scriptedAbilities,
    setUp: { icon: 'server-environment', needs: 'The name and address of a scripted backend' },
    load: async () => (await import('../emulators/scripted/provider.ts')).provider,
  },
  {
    id: 'damaged',
    label: 'Damaged cloud',
    abilities: scriptedAbilities,
    setUp: { icon: 'cloud', needs: 'Nothing: it cannot be loaded' },
    load: async () => {
      throw new Error("Cannot find module './providers/damaged.js'");
    },
  },
];
