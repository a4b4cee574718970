import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provider } from '../../src/providers/slurm/index.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { workFolder } from '../fixtures/engine/engineParts.ts';
import { Cluster } from '../slurm/cluster.ts';
import { describeWithCluster } from '../slurm/describeWithCluster.ts';
import { type DeathBackend, itSurvivesDeaths, jobsOf, onThisMachine } from './deathCases.ts';

const module = fileURLToPath(new URL('../../src/providers/slurm/index.ts', import.meta.url));

async function start(): Promise<DeathBackend> {
  const cluster = await Cluster.start();
  const folder = workFolder();
  const settings = { root: join(folder.path, 'root'), prologue: cluster.prologue, host: null };
  const connection = provider.connect(settings, testPorts('slurm', folder.path));
  return {
    ...onThisMachine,
    target: { module, settings, haste: 1 },
    jobs: async (runId) => jobsOf(connection, runId),
    stop: async () => {
      await connection.dispose();
      await cluster.stop();
      folder.remove();
    },
  };
}

describeWithCluster('Slurm, whose processes are killed', {}, () => {
  itSurvivesDeaths(start);
});
