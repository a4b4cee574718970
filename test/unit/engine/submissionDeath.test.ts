import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isTerminal } from '../../../src/core/jobState.ts';
import type { Clock } from '../../../src/core/ports.ts';
import { JobWatcher } from '../../../src/engine/jobWatcher.ts';
import { resumeSubmissions } from '../../../src/engine/reconcile.ts';
import { claimMs } from '../../../src/engine/submissionClaim.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { provider } from '../../emulators/scripted/provider.ts';
import { type Backend, startBackend } from '../../emulators/scripted/startBackend.ts';
import { testPorts } from '../../emulators/scripted/testPorts.ts';
import { type EngineParts, newRunId, openParts, workFolder } from '../../fixtures/engine/engineParts.ts';
import { interruptRequests } from '../../fixtures/submission/interrupt.ts';
import { startSubmitter, type Submitter, type SubmitterOptions } from '../../fixtures/submission/startSubmitter.ts';
import { type TurningPoint, turningPoints } from '../../fixtures/submission/turningPoints.ts';

const never = new AbortController().signal;
const module = fileURLToPath(new URL('../../emulators/scripted/provider.ts', import.meta.url));

/** Of a process that comes when the claim of a dead one has run out. */
const laterClock: Clock = {
  now: () => Date.now() + claimMs + 1_000,
  sleep: async (ms, signal) => {
    await systemClock.sleep(ms, signal);
  },
};

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
});

afterAll(async () => {
  await backend.stop();
});

interface Place {
  readonly folder: string;
  readonly runId: ReturnType<typeof newRunId>;
  readonly idempotency: string;
}

function place(idempotency: string): Place {
  const folder = workFolder();
  onTestFinished(() => {
    folder.remove();
  });
  return { folder: folder.path, runId: newRunId(), idempotency };
}

async function submitter(
  { folder, runId, idempotency }: Place,
  signal?: SubmitterOptions['signal'],
  point?: TurningPoint,
): Promise<Submitter> {
  const target = { module, settings: { url: backend.url, idempotency }, haste: 1 };
  const started = await startSubmitter({ folder, target, runId, signal, point });
  onTestFinished(() => {
    started.stop();
  });
  return started;
}

interface LaterParts extends EngineParts {
  /** Turning points that this window reached. */
  readonly reached: readonly string[];
}

/** The engine's parts in this process, as in a window that was opened later. */
function laterParts({ folder, idempotency }: Place): LaterParts {
  const connection = provider.connect({ url: backend.url, idempotency }, testPorts('a', folder));
  const reached: string[] = [];
  interruptRequests(connection, (point) => reached.push(point));
  const connections = new Map([['a', connection]]);
  const parts = openParts({ folder, clock: laterClock, session: 'later', connections });
  onTestFinished(() => {
    parts.store.dispose();
  });
  return { ...parts, reached };
}

async function jobsOf({ runId }: Place): Promise<readonly { readonly attempt: number; readonly name: string }[]> {
  const jobs = await backend.control.jobs();
  return jobs.filter(({ key }) => key.runId === runId).map(({ key, name }) => ({ attempt: key.attempt, name }));
}

const oneJob = [{ attempt: 1, name: 'train.py' }];

/** Watches until the job has ended and returns how. */
async function watchToEnd(parts: EngineParts, { runId }: Place): Promise<string | undefined> {
  const watcher = new JobWatcher(parts);
  watcher.start();
  try {
    await expect.poll(() => isTerminal(parts.store.job(runId)?.state ?? 'draft'), { timeout: 20_000 }).toBe(true);
    return parts.store.job(runId)?.state;
  } finally {
    await watcher.stop();
  }
}

describe.each(['named', 'searched'])('a provider whose jobs are %s', (idempotency) => {
  it.each(turningPoints)('gets one job although the process is killed %s', async (point) => {
    const where = place(idempotency);
    const first = await submitter(where, 'SIGKILL', point);
    first.go();
    expect(await first.outcome).toBe('SIGKILL');

    const before = await jobsOf(where);
    const parts = laterParts(where);
    await resumeSubmissions(parts, never);

    if (point === 'before created') {
      // Nothing was promised yet, and nothing half-done is left.
      expect(parts.store.job(where.runId)).toBeUndefined();
      expect(await jobsOf(where)).toEqual([]);
      return;
    }
    expect(await jobsOf(where)).toEqual(oneJob);
    // What the provider has is found, not sent again.
    expect(parts.reached.includes('before the request')).toBe(before.length === 0);
    expect(await watchToEnd(parts, where)).toBe('succeeded');
    expect(parts.store.unfinishedSubmissions()).toEqual([]);
  });

  it('gets one job although four processes submit the same run at once', async () => {
    const where = place(idempotency);
    const submitters = await Promise.all([1, 2, 3, 4].map(async () => await submitter(where)));
    for (const one of submitters) {
      one.go();
    }
    const outcomes = await Promise.all(submitters.map(async ({ outcome }) => await outcome));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(await jobsOf(where)).toEqual(oneJob);
  });

  it('gets one job although several windows find the same dead submission', async () => {
    const where = place(idempotency);
    const first = await submitter(where, 'SIGKILL', 'before the reply');
    first.go();
    await first.outcome;
    await delay(claimMs + 500);

    const heirs = await Promise.all([1, 2, 3].map(async () => await submitter(where)));
    for (const one of heirs) {
      one.go();
    }
    const outcomes = await Promise.all(heirs.map(async ({ outcome }) => await outcome));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(await jobsOf(where)).toEqual(oneJob);
  });
});

describe('a process that wakes when another took its submission over', () => {
  it.each(turningPoints)('does no harm after it slept %s', async (point) => {
    const where = place('searched');
    const first = await submitter(where, 'SIGSTOP', point);
    first.go();
    await expect.poll(() => isStopped(first), { timeout: 20_000 }).toBe(true);

    const parts = laterParts(where);
    await resumeSubmissions(parts, never);
    first.child.kill('SIGCONT');
    await first.outcome;

    expect(await jobsOf(where)).toEqual(oneJob);
    const steps = parts.store.journal({ runId: where.runId, attempt: 1 }).map(({ step }) => step);
    expect(steps.filter((step) => step === 'accepted')).toHaveLength(1);
    expect(await watchToEnd(parts, where)).toBe('succeeded');
    expect(parts.store.unfinishedSubmissions()).toEqual([]);
  });
});

function isStopped({ child }: Submitter): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(child.pid)], { encoding: 'utf8' });
  return stdout.startsWith('T');
}
