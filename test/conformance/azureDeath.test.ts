import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { jobName, stored } from '../../src/providers/azure/names.ts';
import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import { blobStoreContainer } from '../emulators/azure/world.ts';
import { AzureLab } from '../fixtures/azure/lab.ts';
import { type DeathBackend, itSurvivesDeaths } from './deathCases.ts';

const module = fileURLToPath(new URL('../../src/providers/azure/index.ts', import.meta.url));

const changes = { method: 'PUT' };

async function start(): Promise<DeathBackend> {
  const lab = await AzureLab.start();
  const { control } = lab;
  const [workspace] = control.workspaces;
  const blobs = control.storage.container(workspace === undefined ? '' : blobStoreContainer(workspace));
  return {
    target: { module, settings: lab.settings, haste: 1 },
    job: {},
    hold: (kind, after, onHeld) => control.addFault({ on: kind === 'hang' ? {} : changes, kind, after, onHeld }),
    release: () => control.clearFaults(),
    jobs: async (runId) =>
      control
        .jobs()
        .filter(({ name }) => name === jobName({ runId, attempt: 1 }))
        .map(({ hasEnded }) => ({ isRunning: !hasEnded })),
    leftovers: async () => {
      const names: string[] = [];
      for await (const { name } of blobs.listBlobsFlat({ prefix: stored.secrets('') })) {
        names.push(name);
      }
      return names;
    },
    stop: async () => lab.stop(),
  };
}

describe.skipIf(whyNoContainers() !== null)('azure, whose processes are killed', () => {
  itSurvivesDeaths(start);
});
