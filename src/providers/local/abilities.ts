import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
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
};
