import { execFileSync } from 'node:child_process';
import { statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { shellQuote } from '../../../src/core/shellQuote.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { provider } from '../../../src/providers/local/index.ts';
import { testPorts } from '../../emulators/scripted/testPorts.ts';
import { connectionsOf, newRunId, quietLogger, specOf, workFolder } from '../../fixtures/engine/engineParts.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';

const supervisorPath = join(import.meta.dirname, '../../../src/providers/local/supervisor/main.ts');
const patience = { timeout: 30_000, interval: 50 };
const never = new AbortController().signal;

function openEngine(root: string) {
  const settings = { supervisorPath, root: join(root, 'local'), nodePath: process.execPath, graceSeconds: 1 };
  return Engine.start({
    root,
    clock: systemClock,
    logger: quietLogger,
    connections: connectionsOf(new Map([['local', provider.connect(settings, testPorts('local', root))]])),
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    maxFileBytes: () => 1_000_000,
    maySubmit: () => true,
  });
}

test('a job that fills the disk of the list of jobs can be cancelled, and the window says why it knows nothing', async ({
  skip,
}) => {
  const work = workFolder();
  const disk = join(work.path, 'disk');
  const unmount = mountSmallDisk(disk, 24);
  if (unmount === undefined) {
    work.remove();
    skip('this user may mount no small disk');
    return;
  }
  const root = join(disk, 'aloft');
  const engine = openEngine(root);
  try {
    const runId = newRunId();
    const go = join(work.path, 'go');
    const wait = `until [ -e ${shellQuote(go)} ]; do sleep 0.05; done`;
    const spec = specOf({ command: `echo start; ${wait}; cat /dev/zero > fill; sleep 100; echo end` });
    const request = { runId, spec, sourceFolder: join(work.path, 'source'), include: [], interpreter: null };
    await engine.submit(request, never, { onCreated: () => undefined, onProgress: () => undefined });
    await vi.waitFor(() => {
      expect(engine.store.job(runId)?.state).toBe('running');
    }, patience);
    writeFileSync(go, '');
    await vi.waitFor(() => {
      expect(statfsSync(disk).bavail).toBe(0);
      expect(engine.storeProblem).toMatch(/disk is full/u);
    }, patience);

    const handle = engine.store.job(runId)?.attempts[0]?.handle;
    const connection = await engine.connections.open(engine.connections.list()[0]?.id ?? expect.fail());
    await expect(engine.cancel(runId)).rejects.toMatchObject({
      tag: 'transient',
      message: expect.stringMatching(/asked to end, but this could not be noted.*disk is full/u),
    });
    // The provider alone knows that it ended: nothing can be written here.
    await vi.waitFor(async () => {
      const answer = handle ? await connection.observe([handle], never) : undefined;
      expect(answer?.get(handle?.id ?? '')?.state).toBe('cancelled');
    }, patience);

    execFileSync('find', [disk, '-name', 'fill', '-delete']);
    await vi.waitFor(() => {
      expect(engine.storeProblem).toBeNull();
      expect(engine.store.job(runId)?.state).toBe('cancelled');
    }, patience);
  } finally {
    await engine.dispose();
    unmount();
    work.remove();
  }
}, 120_000);
