import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { labelsOf } from '../../src/providers/google/labels.ts';
import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import { GoogleLab } from '../fixtures/google/lab.ts';
import { type DeathBackend, itSurvivesDeaths } from './deathCases.ts';

const module = fileURLToPath(new URL('../../src/providers/google/index.ts', import.meta.url));

const changes = { method: ['objects.insert', 'CreateCustomJob'] };

async function start(): Promise<DeathBackend> {
  const lab = await GoogleLab.start();
  const { control, bucket } = lab.google;
  return {
    // Half a minute must pass before a job that is in no list was never made.
    target: { module, settings: lab.settings, haste: 100 },
    job: {},
    hold: (kind, after, onHeld) => control.addFault({ on: kind === 'hang' ? {} : changes, kind, after, onHeld }),
    release: () => control.clearFaults(),
    jobs: async (runId) => {
      const labels = Object.entries(labelsOf({ runId, attempt: 1 }));
      return control.jobs
        .all()
        .filter(({ job }) => labels.every(([name, value]) => job.labels[name] === value))
        .map(({ job }) => ({ isRunning: job.endTime === null }));
    },
    leftovers: async () =>
      control.buckets
        .list(bucket)
        .filter(
          ({ name, path }) =>
            name.endsWith('/secrets.sh') ||
            (name.endsWith('/submission.json') && JSON.parse(readFileSync(path, 'utf8')).job === null),
        )
        .map(({ name }) => name),
    stop: async () => lab.stop(),
  };
}

describe.skipIf(whyNoContainers() !== null)('google, whose processes are killed', () => {
  itSurvivesDeaths(start);
});
