import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Connection, JsonObject } from '../../src/core/provider.ts';
import { provider } from '../../src/providers/slurm/index.ts';
import { Cluster } from '../slurm/cluster.ts';
import type { Faults, ProviderSetup, StartedProvider } from './setup.ts';
import { shellScenarios } from './shellScenarios.ts';

/** How Slurm's commands are reached. */
export interface Reach {
  readonly settings: JsonObject;
  readonly open: (settings: JsonObject) => Connection;
  readonly faults: Partial<Faults>;
  readonly stop: () => Promise<void>;
}

/** Against a real Slurm. */
export function slurmSetup(missing: ProviderSetup['missing'], reach: () => Promise<Reach>): ProviderSetup {
  return {
    abilities: provider.abilities,
    pushes: false,
    missing,
    start: async (): Promise<StartedProvider> => {
      const folder = await mkdtemp(join(tmpdir(), 'aloft-conformance-'));
      const [cluster, way] = await Promise.all([Cluster.start(), reach()]);
      const settings = {
        root: join(folder, 'root'),
        prologue: cluster.prologue,
        spotPartition: 'spot',
        ...way.settings,
      };
      return {
        open: async () => way.open(settings),
        scenarios: { ...shellScenarios, refused: { region: 'nowhere' } },
        faults: { holdQueue: async () => holdQueue(cluster), gap, ...way.faults },
        module: {
          path: fileURLToPath(new URL('../../src/providers/slurm/index.ts', import.meta.url)),
          settings,
        },
        stop: async () => {
          await cluster.stop();
          await way.stop();
          await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        },
      };
    },
  };
}

async function holdQueue(cluster: Cluster): Promise<() => Promise<void>> {
  const set = async (state: string): Promise<void> => {
    for (const partition of ['gpu', 'spot']) {
      await cluster.run('scontrol', ['update', `PartitionName=${partition}`, `State=${state}`]);
    }
  };
  await set('DOWN');
  return async () => set('UP');
}

/** A job that cuts its own log when what it printed first has been read. */
const gap: Faults['gap'] = async () => ({
  command: String.raw`printf 'before\n'; sleep 2; : >"$SLURM_SUBMIT_DIR/../logs/stdout.log"; printf 'after\n'`,
  stdout: Buffer.from('before\nafter\n'),
  gapAfter: 'before\n'.length,
});
