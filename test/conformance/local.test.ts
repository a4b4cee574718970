import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/core/provider.ts';
import { provider } from '../../src/providers/local/index.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { killSupervisor } from '../fixtures/killSupervisor.ts';
import { hasEnded, never, newKey, specFor } from './harness.ts';
import type { Faults, StartedProvider } from './setup.ts';
import { shellScenarios } from './shellScenarios.ts';
import { makeSnapshot } from './snapshot.ts';
import { describeProvider } from './suite.ts';

const sourceFile = (path: string): string =>
  fileURLToPath(new URL(`../../src/providers/local/${path}`, import.meta.url));
const slots = 2;
const sameMachine = 'the backend is files and processes of this machine, with no network between that could fail';

/** Takes every slot with a job that waits for a file. */
function holdQueue(settings: JsonObject, folder: string): Faults['holdQueue'] {
  return async () => {
    const connection = provider.connect(settings, testPorts('blocker'));
    const { snapshot, dispose } = await makeSnapshot('blocker');
    const staged = await connection.stage(snapshot, never(), () => undefined);
    const gate = join(folder, newKey().runId);
    const blockers = await Promise.all(
      Array.from({ length: slots }, async () => {
        const key = newKey();
        const spec = specFor(`while [ ! -e '${gate}' ]; do sleep 0.05; done`);
        const plan = connection.plan({ spec, key, snapshotId: snapshot.id, interpreter: null });
        return connection.submit({ plan, key, staged, secrets: new Map() }, never());
      }),
    );
    await dispose();
    return async () => {
      await writeFile(gate, '');
      for (const handle of blockers) {
        for (;;) {
          const observation = (await connection.observe([handle], never())).get(handle.id);
          if (observation === undefined || hasEnded(observation)) {
            break;
          }
          await delay(20);
        }
        await connection.remove(handle, never());
      }
      await connection.dispose();
    };
  };
}

async function start(): Promise<StartedProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-conformance-'));
  const root = join(folder, 'root');
  const settings = { root, supervisorPath: sourceFile('supervisor/main.ts'), slots, graceSeconds: 1 };
  return {
    open: async () => provider.connect(settings, testPorts('local')),
    scenarios: shellScenarios,
    faults: { holdQueue: holdQueue(settings, folder) },
    module: { path: sourceFile('index.ts'), settings },
    stop: async () => {
      await killSupervisor(root);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

describeProvider('this machine', {
  abilities: provider.abilities,
  pushes: true,
  missing: {
    loseReply: sameMachine,
    loseRequest: sameMachine,
    duplicateRequest: sameMachine,
    failNext: sameMachine,
    rateLimitNext: sameMachine,
    hang: sameMachine,
    hangAfterWork: sameMachine,
    dropLog: 'a log is read from files, not over a connection',
    lateObservation: 'a state is read from the one file that holds it',
    loseConnections: sameMachine,
    gap: 'a job cannot make a gap itself; the tests of a full disk and of cut files have them',
  },
  start,
});
