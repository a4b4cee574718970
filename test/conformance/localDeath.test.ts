import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { provider } from '../../src/providers/local/index.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { workFolder } from '../fixtures/engine/engineParts.ts';
import { killSupervisor } from '../fixtures/killSupervisor.ts';
import { type DeathBackend, itSurvivesDeaths, jobsOf, onThisMachine } from './deathCases.ts';

const sourceFile = (path: string): string =>
  fileURLToPath(new URL(`../../src/providers/local/${path}`, import.meta.url));

async function start(): Promise<DeathBackend> {
  const folder = workFolder();
  const root = join(folder.path, 'root');
  const settings = { root, supervisorPath: sourceFile('supervisor/main.ts'), slots: 4, graceSeconds: 1 };
  const connection = provider.connect(settings, testPorts('local', folder.path));
  return {
    ...onThisMachine,
    target: { module: sourceFile('index.ts'), settings, haste: 1 },
    jobs: async (runId) => jobsOf(connection, runId),
    stop: async () => {
      await connection.dispose();
      await killSupervisor(root);
      folder.remove();
    },
  };
}

describe('this machine, whose processes are killed', () => {
  itSurvivesDeaths(start);
});
