import type { Abilities } from '../../core/provider.ts';

/** Apart from the rest, so that it can be said without loading the provider. */
export const abilities: Abilities = {
  // Where a cluster has a partition or QOS whose jobs may be preempted; elsewhere the plan says that it has none.
  spot: true,
  multiNode: true,
  containerImage: false,
  regions: true,
  liveLogs: true,
  logDelayMs: 200,
  resumesAfterPreemption: true,
  dryRun: true,
  shell: true,
  portForward: true,
};
