import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { provider } from '../../src/providers/local/index.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { workFolder } from '../fixtures/engine/engineParts.ts';
import { type DeathBackend, itSurvivesDeaths } from './deathCases.ts';
import { hasEnded, never } from './harness.ts';

const sourceFile = (path: string): string =>
  fileURLToPath(new URL(`../../src/providers/local/${path}`, import.meta.url));

async function start(): Promise<DeathBackend> {
  const folder = workFolder();
  const root = join(folder.path, 'root');
  const settings = { root, supervisorPath: sourceFile('supervisor/main.ts'), slots: 4, graceSeconds: 1 };
  const connection = provider.connect(settings, testPorts('local', folder.path));
  return {
    target: { module: sourceFile('index.ts'), settings, haste: 1 },
    job: {},
    hold: null,
    release: () => undefined,
    jobs: async (runId) => {
      const handles = (await connection.list(never())).flatMap(({ key, handle }) =>
        key.runId === runId ? [handle] : [],
      );
      const observed = await connection.observe(handles, never());
      return handles.map(({ id }) => {
        const observation = observed.get(id);
        return { isRunning: observation === undefined || !hasEnded(observation) };
      });
    },
    leftovers: async () => [],
    stop: async () => {
      await connection.dispose();
      const { pid }: { pid: number } = JSON.parse(await readFile(join(root, 'supervisor.json'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      folder.remove();
    },
  };
}

describe('this machine, whose processes are killed', () => {
  itSurvivesDeaths(start);
});
