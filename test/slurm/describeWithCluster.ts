import { describe } from 'vitest';

import { type ClusterOptions, clusterMissing } from './cluster.ts';

/** `describe` for what needs a cluster: skipped, with the reason in its name, where none can be started. */
export function describeWithCluster(name: string, options: ClusterOptions, body: () => void): void {
  const reason = clusterMissing(options);
  if (reason === null) {
    describe(name, body);
  } else {
    describe.skip(`${name} (skipped: ${reason})`, body);
  }
}
