import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../src/engine/jobStore.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { type Backend, startBackend } from '../../emulators/scripted/startBackend.ts';
import { newRunId, quietLogger, workFolder } from '../../fixtures/engine/engineParts.ts';
import type { Target } from '../../fixtures/submission/target.ts';
import { startWindow, type Window } from '../../fixtures/window/startWindow.ts';

const module = fileURLToPath(new URL('../../emulators/scripted/provider.ts', import.meta.url));
const patience = { timeout: 25_000, interval: 50 };

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
});

afterAll(async () => {
  await backend.stop();
});

beforeEach(async () => {
  await backend.control.clearFaults();
  await backend.control.setDefaultScript({
    life: [{ state: 'queued', forMs: 0 }, { state: 'running' }, { state: 'succeeded', exitCode: 0 }],
  });
});

/** A folder that windows share, and the store in it as one more window reads it. */
function shared() {
  const folder = workFolder();
  const { store } = openStore(folder.path, { clock: systemClock, logger: quietLogger, session: 'reader' });
  onTestFinished(() => {
    store.dispose();
    folder.remove();
  });
  return { folder: folder.path, store };
}

function target(): Target {
  return { module, settings: { url: backend.url }, haste: 1 };
}

async function printed(window: Window, line: string, times = 1): Promise<void> {
  await expect.poll(() => window.lines().filter((other) => other === line).length, patience).toBe(times);
}

async function advance(runId: string): Promise<void> {
  const jobs = await backend.control.jobs();
  await backend.control.advance(jobs.find(({ key }) => key.runId === runId)?.id ?? '');
}

describe('two windows', () => {
  it('poll as one, and one goes on when the other is killed', async () => {
    const { folder, store } = shared();
    const first = startWindow(folder, target());
    await printed(first, 'leads');
    const second = startWindow(folder, target());
    await printed(second, 'open');

    // Submitted in the window that does not lead, watched by the one that does.
    const runId = newRunId();
    second.submit(runId);
    await printed(second, 'accepted');
    await expect.poll(() => store.job(runId)?.state, patience).toBe('running');
    expect(second.lines()).not.toContain('leads');

    first.kill('SIGKILL');
    await printed(second, 'leads');
    await advance(runId);
    await expect.poll(() => store.job(runId)?.state, patience).toBe('succeeded');
  });

  it('do no harm when the leader sleeps and wakes behind its successor', async () => {
    const { folder, store } = shared();
    const first = startWindow(folder, target());
    await printed(first, 'leads');
    const runId = newRunId();
    first.submit(runId);
    await printed(first, 'accepted');
    await expect.poll(() => store.job(runId)?.state, patience).toBe('running');
    const second = startWindow(folder, target());
    await printed(second, 'open');

    first.kill('SIGSTOP');
    await printed(second, 'leads');
    first.kill('SIGCONT');
    await advance(runId);
    await expect.poll(() => store.job(runId)?.state, patience).toBe('succeeded');
    const states = store.events(runId).map(({ state }) => state);
    expect(states.filter((state) => state === 'succeeded')).toHaveLength(1);
    expect(first.lines().filter((line) => line === 'leads')).toHaveLength(1);
  });

  it('finish a submission that died with the window that began it', async () => {
    const { folder, store } = shared();
    const first = startWindow(folder, target());
    await printed(first, 'leads');
    const second = startWindow(folder, target());
    await printed(second, 'open');
    await backend.control.addFault({ on: 'submit', kind: 'hangAfterWork' });
    const runId = newRunId();
    first.submit(runId);
    await expect.poll(async () => await backend.control.jobsFor({ runId, attempt: 1 }), patience).toBe(1);
    first.kill('SIGKILL');

    await expect.poll(() => store.job(runId)?.state, patience).toBe('running');
    expect(await backend.control.jobsFor({ runId, attempt: 1 })).toBe(1);
    await advance(runId);
    await expect.poll(() => store.job(runId)?.state, patience).toBe('succeeded');
  });
});
