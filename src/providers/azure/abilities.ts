import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
  spot: true,
  multiNode: true,
  containerImage: true,
  // A workspace is in one region.
  regions: false,
  liveLogs: true,
  logDelayMs: 10_000,
  resumesAfterPreemption: true,
  // A job that gets no machine does not fail there. As long as Google's Flex-start waits where nothing is said.
  usualWaitMs: 86_400_000,
  dryRun: false,
  shell: false,
  portForward: false,
};
