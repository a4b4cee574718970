import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src/engine/jobStore.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { quietLogger } from '../fixtures/engine/engineParts.ts';
import { copyJobs } from '../fixtures/store/copyJobs.ts';
import { acceptedJob, observation } from '../fixtures/store/storeParts.ts';

const jobCount = 10_000;
const writtenJobs = 100;
const pageSize = 100;
const rounds = 9;
const deps = { clock: systemClock, logger: quietLogger, session: 'bench' };

/**
 * Milliseconds, medians, until the first page of 10,000 finished jobs can be shown: opening the store in a process that never
 * did, counting each group and reading the newest summaries. The editor's own part comes on top.
 */
export async function benchStore(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'aloft-bench-'));
  try {
    fill(folder);
    const file = join(folder, 'aloft.db');
    const open = (): number => openElsewhere(folder);
    const openAfterKill = (): number => {
      // Nobody closed the store in order: its file is other than when it was last looked through.
      utimesSync(file, new Date(), new Date());
      return openElsewhere(folder);
    };
    return {
      'store.jobs.10k.open.ms': median(Array.from({ length: rounds }, open)),
      'store.jobs.10k.open.afterKill.ms': median(Array.from({ length: rounds }, openAfterKill)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Jobs as a user has them: accepted, run, ended, with a plan, a native record and a timeline. */
function fill(folder: string): void {
  const { store } = openStore(folder, deps);
  const native = { id: 'x'.repeat(64), detail: 'y'.repeat(1_000) };
  const plan = { request: native, text: JSON.stringify(native, null, 2), language: 'json', warnings: [] } as const;
  for (let index = 0; index < writtenJobs; index += 1) {
    const key = acceptedJob(store, { name: `train ${index}.py`, plan });
    const startedAt = Date.now() - 60_000;
    const running = observation('running', { startedAt, native });
    const ended = observation('succeeded', { startedAt, endedAt: startedAt + index, exitCode: 0, native });
    store.observe([{ key, observation: running }]);
    store.observe([{ key, observation: ended }]);
    const log = store.logState(key);
    store.recordLog(key, { ...log, status: 'complete' }, log);
  }
  store.dispose();
  copyJobs(join(folder, 'aloft.db'), jobCount / writtenJobs);
}

function openElsewhere(folder: string): number {
  const result = spawnSync(process.execPath, [fileURLToPath(import.meta.url), folder], { encoding: 'utf8' });
  const ms = Number(result.stdout);
  if (result.status !== 0 || !(ms > 0)) {
    throw new Error(`The store could not be measured: ${result.stderr}`);
  }
  return ms;
}

function openHere(folder: string): number {
  const begin = performance.now();
  const { store } = openStore(folder, deps);
  const counts = (['running', 'waiting', 'finished'] as const).map((group) => store.count({ groups: [group] }));
  const page = store.summaries({ groups: ['finished'], limit: pageSize });
  const ms = performance.now() - begin;
  store.dispose();
  if (counts[2] !== jobCount || page.length !== pageSize) {
    throw new Error(`The store holds ${counts.join(', ')} jobs, and showed ${page.length}.`);
  }
  return ms;
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  console.log(folder === undefined ? JSON.stringify(await benchStore()) : openHere(folder));
}
