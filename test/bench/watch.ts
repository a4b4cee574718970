import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshot } from '../../src/core/provider.ts';
import { JobWatcher } from '../../src/engine/jobWatcher.ts';
import { noteLostStore, rebuildLost } from '../../src/engine/reconcile.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { provider } from '../emulators/scripted/provider.ts';
import { startBackend } from '../emulators/scripted/startBackend.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { type EngineParts, newRunId, openParts, specOf } from '../fixtures/engine/engineParts.ts';

const jobs = 1_000;
const measuredMs = 10_000;
/** So long after the last change the watcher asks more slowly, in ms. */
const quietAfter = 30_000;
const never = new AbortController().signal;
const emptySnapshot: Snapshot = {
  id: '0'.repeat(64) as Snapshot['id'],
  files: 0,
  bytes: 0,
  pieces: [],
  piecePath: () => '',
};

/**
 * Processor time of this process, in percent of one core, while it watches a thousand running jobs at a provider in a process
 * of its own: `.quick` right after they started, the other one when nothing has changed for a while.
 */
export async function benchWatch(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-bench-watch-'));
  const backend = await startBackend();
  try {
    await backend.control.setDefaultScript({ life: [{ state: 'queued', forMs: 0 }, { state: 'running' }] });
    const connection = provider.connect({ url: backend.url }, testPorts('a', folder));
    const connections = new Map([['a', connection]]);
    const parts = openParts({ folder, clock: systemClock, session: 'bench', connections });
    try {
      const staged = await connection.stage(emptySnapshot, never, () => undefined);
      for (let count = 0; count < jobs; count += 1) {
        const key = { runId: newRunId(), attempt: 1 };
        const plan = connection.plan({
          spec: specOf({ name: `job ${count}` }),
          key,
          snapshotId: emptySnapshot.id,
          interpreter: null,
        });
        await connection.submit({ plan, key, staged, secrets: new Map() }, never);
      }
      noteLostStore(parts);
      await rebuildLost(parts, never);
      return await watched(parts);
    } finally {
      parts.store.dispose();
      await connection.dispose();
    }
  } finally {
    await backend.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function watched(parts: EngineParts): Promise<Record<string, number>> {
  const watcher = new JobWatcher(parts);
  watcher.start();
  try {
    while (parts.store.count({ groups: ['running'] }) < jobs) {
      await delay(100);
    }
    await delay(2_000);
    const quick = await processorPercent();
    await delay(quietAfter - measuredMs);
    return { 'watch.1000.cpu.percent': await processorPercent(), 'watch.1000.cpu.percent.quick': quick };
  } finally {
    await watcher.stop();
  }
}

async function processorPercent(): Promise<number> {
  const before = process.cpuUsage();
  const began = performance.now();
  await delay(measuredMs);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1_000 / (performance.now() - began)) * 100;
}

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(await benchWatch())}\n`);
}
