import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
  spot: true,
  multiNode: true,
  containerImage: true,
  regions: false,
  liveLogs: true,
  logDelayMs: 300,
  // Spot jobs of one node and JobSets do; other jobs of several nodes end.
  resumesAfterPreemption: false,
  dryRun: true,
  shell: true,
  portForward: true,
};
