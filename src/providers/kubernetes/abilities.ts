import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
  spot: true,
  multiNode: true,
  containerImage: true,
  regions: false,
  liveLogs: true,
  logDelayMs: 300,
  resumesAfterPreemption: true,
  dryRun: true,
  shell: true,
  portForward: true,
};
