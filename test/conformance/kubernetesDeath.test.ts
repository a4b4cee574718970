import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { jobName, label } from '../../src/providers/kubernetes/names.ts';
import type { RequestMatch } from '../emulators/kubernetes/faults.ts';
import { jobs, secrets } from '../emulators/kubernetes/objects/resources.ts';
import { Lab, noContainers } from '../fixtures/kubernetes/lab.ts';
import { type DeathBackend, itSurvivesDeaths } from './deathCases.ts';

const module = fileURLToPath(new URL('../../src/providers/kubernetes/index.ts', import.meta.url));

const changes: RequestMatch = { verb: ['create', 'update', 'patch'] };

async function start(): Promise<DeathBackend> {
  const lab = await Lab.start();
  const { control } = lab;
  const settings = { kubeconfig: lab.cluster.kubeconfigPath, context: 'admin', namespace: 'default' };
  return {
    target: { module, settings, haste: 1 },
    job: { image: 'python:3.12' },
    hold: (kind, after, onHeld) => control.addFault({ on: kind === 'hang' ? {} : changes, kind, after, onHeld }),
    release: () => control.clearFaults(),
    jobs: async (runId) =>
      control
        .list(jobs, 'default')
        .filter(({ metadata }) => metadata.name === jobName({ runId, attempt: 1 }))
        .map(({ status }) => ({ isRunning: (status.active ?? 0) > 0 })),
    // What a job owns goes with it.
    leftovers: async () =>
      control
        .list(secrets, 'default')
        .filter(({ metadata }) => metadata.labels?.[label.part] !== undefined && !metadata.ownerReferences?.length)
        .map(({ metadata }) => metadata.name),
    stop: async () => lab.stop(),
  };
}

describe.skipIf(noContainers !== null)('kubernetes, whose processes are killed', () => {
  itSurvivesDeaths(start);
});
