import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
  spot: true,
  multiNode: true,
  containerImage: true,
  regions: true,
  liveLogs: true,
  logDelayMs: 10_000,
  // Vertex AI starts a spot job again up to six times.
  resumesAfterPreemption: true,
  dryRun: false,
  shell: false,
  portForward: false,
};
