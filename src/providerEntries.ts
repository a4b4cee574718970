import type { ProviderEntry } from './editor/connections/providerCatalog.ts';

/** What can be said of each provider without loading its bundle. */
export const providerEntries: readonly ProviderEntry[] = [
  {
    id: 'local',
    label: 'This machine',
    abilities: {
      spot: false,
      multiNode: false,
      containerImage: false,
      regions: false,
      liveLogs: true,
      logDelayMs: 30,
      resumesAfterPreemption: false,
      dryRun: false,
      shell: false,
      portForward: false,
    },
    load: async () => (await import('./providers/local/index.ts')).provider,
  },
];
