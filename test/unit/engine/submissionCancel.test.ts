import { describe, expect, it } from 'vitest';
import type { JobScriptInput } from '../../emulators/scripted/script.ts';
import { cancelJob } from '../../../src/engine/cancellation.ts';
import { JobWatcher } from '../../../src/engine/jobWatcher.ts';
import { resumeSubmissions } from '../../../src/engine/reconcile.ts';
import { runSubmission } from '../../../src/engine/submission.ts';
import { createJob, newRunId, specOf } from '../../fixtures/engine/engineParts.ts';
import { inTime, never, scriptedParts, submit, watchToEnd } from '../../fixtures/engine/scriptedParts.ts';
import { interruptRequests, interruptStore } from '../../fixtures/submission/interrupt.ts';
import { turningPoints } from '../../fixtures/submission/turningPoints.ts';

const runsOn: JobScriptInput = { life: [{ state: 'queued', forMs: 0 }, { state: 'running' }] };
/** Up to here nothing was sent when the wish comes. */
const sentFrom = turningPoints.indexOf('before sending');

const cases = turningPoints.slice(1).flatMap((point) => [
  { point, window: 'this window' },
  { point, window: 'another window' },
]);

describe('a wish to cancel', () => {
  it.each(cases)('from $window $point leaves nothing running', async ({ point, window }) => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript(runsOn);
    const runId = newRunId();
    const { store } = window === 'this window' ? parts : parts.otherWindow();
    let wished = false;
    const reached = (here: string): void => {
      if (here === point) {
        wished = store.requestCancel(runId);
      }
    };
    interruptStore(parts.store, reached);
    interruptRequests(parts.connection, reached);
    const { error } = await submit(parts, { runId });

    expect(wished).toBe(true);
    expect(error).toBeUndefined();
    expect(await watchToEnd(parts, runId)).toBe('cancelled');
    const states = (await parts.control.jobs()).map(({ state }) => state);
    const isSent = turningPoints.indexOf(point) >= sentFrom;
    if (window === 'this window') {
      expect(states).toEqual(isSent ? ['cancelled'] : []);
    }
    expect(states.filter((state) => state !== 'cancelled')).toEqual([]);
    expect(store.events(runId).filter(({ kind }) => kind === 'cancel')).toHaveLength(1);
  });

  it.each(['loseReply', 'loseRequest', 'hangAfterWork', 'hang'] as const)(
    'while the answer to the request is lost (%s) leaves nothing running',
    async (kind) => {
      const parts = scriptedParts();
      await parts.control.setDefaultScript(runsOn);
      await parts.control.addFault({ on: 'submit', kind });
      const runId = newRunId();
      interruptRequests(parts.connection, () => {
        parts.store.requestCancel(runId);
      });
      await submit(parts, { runId });

      expect(await watchToEnd(parts, runId)).toBe('cancelled');
      const states = (await parts.control.jobs()).map(({ state }) => state);
      expect(states).toEqual(kind === 'loseRequest' || kind === 'hang' ? [] : ['cancelled']);
    },
  );

  it('does not stop a slow request half-way: the job is accepted, then cancelled', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript(runsOn);
    await parts.control.addFault({ on: 'submit', kind: 'delay', ms: 20_000 });
    const key = createJob(parts);
    const submission = runSubmission(parts, key, never, {
      onProgress: ({ text }) => {
        if (text === 'Submitting') {
          void parts.clock.sleep(5_000, never).then(() => parts.store.requestCancel(key.runId));
        }
      },
    });
    expect((await inTime(parts.clock, submission)).kind).toBe('accepted');
    expect((await parts.control.jobs()).map(({ state }) => state)).toEqual(['cancelled']);
  });

  it('for a submission that nobody works at is honoured by whoever finds it', async () => {
    const parts = scriptedParts();
    const key = createJob(parts);
    expect(await cancelJob(parts, key.runId, never)).toBe(true);
    await inTime(parts.clock, resumeSubmissions(parts, never));

    expect(parts.store.job(key.runId)).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled before it was submitted',
    });
    expect(await parts.control.jobs()).toEqual([]);
  });

  it('ends a submission whose provider was taken away before it answered, and says so', async () => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'submit', kind: 'loseReply' });
    await parts.control.addFault({ on: 'find', kind: 'fail', tag: 'auth', times: 1000 });
    const { runId } = await submit(parts);
    parts.open.clear();
    await inTime(parts.clock, resumeSubmissions(parts, never));
    expect(parts.store.job(runId)?.state).toBe('submitting');

    await cancelJob(parts, runId, never);
    await inTime(parts.clock, resumeSubmissions(parts, never));
    expect(parts.store.job(runId)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('no longer set up here'),
    });
  });

  it('that comes too late shows what really happened', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript({
      life: [{ state: 'running' }],
      onCancel: [{ state: 'succeeded', exitCode: 0 }],
    });
    const { runId } = await submit(parts);
    await cancelJob(parts, runId, never);
    expect(await watchToEnd(parts, runId)).toBe('succeeded');
    expect(await cancelJob(parts, runId, never)).toBe(false);
  });

  it('is delivered at once', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript(runsOn);
    const { runId } = await submit(parts);
    await cancelJob(parts, runId, never);
    expect((await parts.control.jobs()).map(({ state }) => state)).toEqual(['cancelled']);
  });

  it('is repeated for as long as the provider refuses, and the reason is shown once', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript(runsOn);
    const { runId } = await submit(parts);
    await parts.control.addFault({ on: 'cancel', kind: 'fail', tag: 'auth', times: 4 });
    await cancelJob(parts, runId, never);
    expect((await parts.control.jobs()).map(({ state }) => state)).toEqual(['running']);

    expect(await watchToEnd(parts, runId)).toBe('cancelled');
    const errors = parts.store.events(runId).filter(({ kind }) => kind === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toContain('Sign in again');
  });

  it('is given for the person when a job waits longer than its limit', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript({ life: [{ state: 'queued', reason: 'no capacity' }] });
    const { runId } = await submit(parts, { spec: specOf({ limits: { wait: '10m' } }) });
    const accepted = parts.clock.now();
    expect(await watchToEnd(parts, runId)).toBe('cancelled');

    expect(parts.clock.now() - accepted).toBeGreaterThan(600_000);
    const wish = parts.store.events(runId).find(({ kind }) => kind === 'cancel');
    expect(wish?.text).toContain('waited longer than its limit');
    expect(parts.store.givenUpBecause(runId)).toBe(wish?.text);
  });

  it('is given as well when it lost its machines and gets no others for so long', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript({ life: [{ state: 'running', forMs: 3_600_000 }, { state: 'preempted' }] });
    const { runId } = await submit(parts, { spec: specOf({ limits: { wait: '10m' } }) });
    expect(await watchToEnd(parts, runId)).toBe('cancelled');

    const events = parts.store.events(runId);
    const at = (state: string): number => events.find((event) => event.state === state)?.at ?? Number.NaN;
    expect(at('preempted') - at('running')).toBeGreaterThan(3_500_000);
    const wish = events.find(({ kind }) => kind === 'cancel');
    expect((wish?.at ?? 0) - at('preempted')).toBeGreaterThan(600_000);
    expect(wish?.text).toContain('longer than its limit of 10m');
  });

  it('is given after what is usual where the job runs, unless it may wait for ever', async () => {
    const parts = scriptedParts({ abilities: { usualWaitMs: 1_200_000 } });
    await parts.control.setDefaultScript({ life: [{ state: 'queued' }] });
    const patient = await submit(parts, { spec: specOf({ limits: { wait: 'never' } }) });
    const usual = await submit(parts);
    expect(await watchToEnd(parts, usual.runId)).toBe('cancelled');

    expect(parts.store.events(usual.runId).find(({ kind }) => kind === 'cancel')?.text).toContain('its limit of 20m');
    expect(parts.store.job(patient.runId)?.state).toBe('queued');
  });

  it('is not given for a job that was seen to wait long but has started meanwhile', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript({ life: [{ state: 'queued' }, { state: 'running' }] });
    const { runId } = await submit(parts, { spec: specOf({ limits: { wait: '10m' } }) });
    for (const { id } of await parts.control.jobs()) {
      await parts.control.advance(id);
    }
    // The machine slept.
    parts.clock.jump(7_200_000);
    const watcher = new JobWatcher(parts);
    watcher.start();
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await parts.clock.advance(60_000);
    await watcher.stop();
    expect(parts.store.job(runId)).toMatchObject({ state: 'running', cancelRequestedAt: null });
  });

  it('is not given for a job of which the provider says nothing, as it may have started meanwhile', async () => {
    const parts = scriptedParts();
    await parts.control.setDefaultScript({ life: [{ state: 'queued' }, { state: 'running' }] });
    const { runId } = await submit(parts, { spec: specOf({ limits: { wait: '10m' } }) });
    for (const { id } of await parts.control.jobs()) {
      await parts.control.advance(id);
    }
    await parts.control.addFault({ on: 'observe', kind: 'fail', tag: 'auth', times: 3 });
    parts.clock.jump(7_200_000);
    const watcher = new JobWatcher(parts);
    watcher.start();
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await watcher.stop();
    expect(parts.store.job(runId)).toMatchObject({ state: 'running', cancelRequestedAt: null });
    expect(parts.store.givenUpBecause(runId)).toBeNull();
  });
});
