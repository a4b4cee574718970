import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunId } from '../../../src/core/job.ts';
import { JobWatcher } from '../../../src/engine/jobWatcher.ts';
import { runSubmission } from '../../../src/engine/submission.ts';
import type { JobScriptInput } from '../../emulators/scripted/script.ts';
import { createJob } from '../../fixtures/engine/engineParts.ts';
import { never, type ScriptedParts, scriptedParts, submit, watchToEnd } from '../../fixtures/engine/scriptedParts.ts';

const runsOn: JobScriptInput = { life: [{ state: 'queued', forMs: 0 }, { state: 'running' }, { state: 'succeeded' }] };

/** A connection that can only be asked. */
function withoutPushes(parts: ScriptedParts): ScriptedParts {
  Object.defineProperty(parts.connection, 'watch', { value: undefined });
  return parts;
}

async function running(parts: ScriptedParts, connection = 'a'): Promise<RunId> {
  await parts.controls.get(connection)?.setDefaultScript(runsOn);
  const { runId } = await submit(parts, { connection });
  return runId;
}

function watch(parts: ScriptedParts): JobWatcher {
  const watcher = new JobWatcher(parts);
  watcher.start();
  onTestFinished(async () => {
    await watcher.stop();
  });
  return watcher;
}

async function questions(parts: ScriptedParts): Promise<number> {
  return (await parts.control.calls()).observe;
}

/** Ends the job at its provider. */
async function finish(parts: ScriptedParts, runId: RunId): Promise<void> {
  const jobs = await parts.control.jobs();
  await parts.control.advance(jobs.find(({ key }) => key.runId === runId)?.id ?? '');
}

describe('the watcher', () => {
  it('asks one question for all jobs of a connection', async () => {
    const parts = withoutPushes(scriptedParts());
    const runIds: RunId[] = [];
    for (let count = 0; count < 20; count += 1) {
      runIds.push(await running(parts));
    }
    watch(parts);
    await parts.clock.until(() => runIds.every((runId) => parts.store.job(runId)?.state === 'running'));
    expect(await questions(parts)).toBe(1);
  });

  it('writes what is pushed before anybody asks', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await parts.control.addFault({ on: 'observe', kind: 'hang', times: 1000 });
    await finish(parts, runId);
    await expect.poll(() => parts.store.job(runId)?.state).toBe('succeeded');
  });

  it('goes on with questions when pushes break off, and takes pushes up again', async () => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'watch', kind: 'fail', tag: 'transient', times: 3 });
    await parts.control.addFault({ on: 'watch', kind: 'drop', afterBytes: 0 });
    const runId = await running(parts);
    watch(parts);
    await parts.clock.until(async () => (await parts.control.calls()).watch === 5);
    await finish(parts, runId);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'succeeded');
  });

  it.each(['duplicate', 'late'] as const)('is not misled by %s pushes', async (kind) => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'watch', kind });
    await parts.control.setDefaultScript({
      life: [{ state: 'queued', forMs: 1_000 }, { state: 'running' }, { state: 'succeeded' }],
    });
    const { runId } = await submit(parts);
    await parts.clock.advance(2_000);
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await finish(parts, runId);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'succeeded');
    const states = parts.store.events(runId).map(({ state }) => state);
    expect(states).toEqual(['staging', 'submitting', 'queued', 'running', 'succeeded']);
  });

  it('survives fifty failures in a row with the last known state, and says so meanwhile', async () => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await parts.control.addFault({ on: 'observe', kind: 'fail', tag: 'transient', times: 50 });
    const before = await questions(parts);
    await parts.clock.until(async () => (await questions(parts)) >= before + 50);

    expect(parts.store.job(runId)?.state).toBe('running');
    expect(parts.store.job(runId)?.attempts[0]?.observeError).toContain('refused: transient');
    await finish(parts, runId);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'succeeded');
    expect(parts.store.job(runId)?.attempts[0]?.observeError).toBeNull();
  });

  it.each(['hang', 'fail'] as const)('leaves other connections alone when one does not answer (%s)', async (kind) => {
    const parts = scriptedParts({ ids: ['a', 'b'] });
    await parts.control.addFault({ on: 'watch', kind: 'hang', times: 1000 });
    const fault =
      kind === 'hang' ? ({ on: 'observe', kind } as const) : ({ on: 'observe', kind, tag: 'auth' } as const);
    await parts.control.addFault({ ...fault, times: 1000 });
    const stuck = await running(parts, 'a');
    const fine = await running(parts, 'b');
    watch(parts);
    await parts.clock.until(() => parts.store.job(fine)?.state === 'running');
    await parts.clock.until(() => parts.store.job(stuck)?.attempts[0]?.observeError !== null);
    expect(parts.store.job(stuck)?.attempts[0]?.observeError).toMatch(
      kind === 'hang' ? /no answer within 30 s/u : /Sign in again/u,
    );
    expect(parts.store.job(fine)?.attempts[0]?.observeError).toBeNull();
  });

  it('takes times with fractions of a millisecond, as some clocks give them', async () => {
    const parts = withoutPushes(scriptedParts());
    const observe = parts.connection.observe.bind(parts.connection);
    parts.connection.observe = async (handles, signal) => {
      const answers = await observe(handles, signal);
      const odd = (time: number | null): number | null => (time === null ? null : time + 0.4375);
      return new Map(
        [...answers].map(([id, answer]) => [
          id,
          {
            ...answer,
            observedAt: answer.observedAt + 0.4375,
            startedAt: odd(answer.startedAt),
            endedAt: odd(answer.endedAt),
          },
        ]),
      );
    };
    const runId = await running(parts);
    await finish(parts, runId);
    expect(await watchToEnd(parts, runId)).toBe('succeeded');
    expect(Number.isInteger(parts.store.job(runId)?.startedAt)).toBe(true);
  });

  it('goes on when its store could not be written for a while', async () => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    let failures = 3;
    for (const method of ['observe', 'observeFailed'] as const) {
      const write = parts.store[method].bind(parts.store);
      Object.defineProperty(parts.store, method, {
        value: (...args: Parameters<typeof write>) => {
          failures -= 1;
          if (failures >= 0) {
            throw new Error('database or disk is full');
          }
          return Reflect.apply(write, parts.store, args);
        },
      });
    }
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    expect(failures).toBeLessThan(0);
  });

  it('tells a job whose connection was taken away', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    parts.open.clear();
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.attempts[0]?.observeError !== null);
    expect(parts.store.job(runId)?.attempts[0]?.observeError).toContain('no connection a');
  });

  it('goes on at once when the connection comes back', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    parts.open.clear();
    const watcher = watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.attempts[0]?.observeError !== null);
    await parts.clock.advance(600_000);
    parts.open.set('a', parts.connection);
    const before = parts.clock.now();
    watcher.pokeAll();
    await parts.clock.until(() => parts.store.job(runId)?.attempts[0]?.observeError === null);
    expect(parts.clock.now() - before).toBeLessThan(1_000);
    expect(parts.store.job(runId)?.state).toBe('running');
  });

  it('never stops while a job is live, and asks less often when nothing happens', async () => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    watch(parts);
    await parts.clock.advance(1_800_000);
    const perHalfHour = await questions(parts);
    expect(perHalfHour).toBeGreaterThanOrEqual(180);
    expect(perHalfHour).toBeLessThan(400);
    await finish(parts, runId);
    await parts.clock.advance(10_000);
    expect(parts.store.job(runId)?.state).toBe('succeeded');
  });

  it('asks nothing when no job is live, and at once when one comes', async () => {
    const parts = withoutPushes(scriptedParts());
    watch(parts);
    await parts.clock.advance(60_000);
    expect(await questions(parts)).toBe(0);
    const runId = await running(parts);
    await expect.poll(() => parts.store.job(runId)?.state).toBe('running');
  });

  it('does not let a new job wait for the next turn of an old one', async () => {
    const parts = withoutPushes(scriptedParts());
    const old = await running(parts);
    watch(parts);
    await expect.poll(() => parts.store.job(old)?.state).toBe('running');
    // No time passes on the watcher's clock from here on.
    const key = createJob(parts);
    await runSubmission(parts, key, never, { onProgress: () => undefined });
    await expect.poll(() => parts.store.job(key.runId)?.state).toBe('running');
  });

  it.each([10_800_000, -10_800_000])('asks at once after the clock jumped by %i ms, and goes on', async (jump) => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    watch(parts);
    await parts.clock.advance(600_000);
    const before = await questions(parts);
    parts.clock.jump(jump);
    await expect.poll(async () => await questions(parts), { timeout: 10_000 }).toBeGreaterThan(before);
    await finish(parts, runId);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'succeeded');
    for (const { at } of parts.store.events(runId)) {
      expect(at).toBeGreaterThan(0);
    }
  });

  it('ends what it does before it resolves its stop', async () => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'observe', kind: 'hang', times: 1000 });
    await running(parts);
    const watcher = watch(parts);
    await expect.poll(async () => await questions(parts)).toBe(1);
    await watcher.stop();
    const calls = await parts.control.calls();
    await parts.clock.advance(120_000);
    expect(await parts.control.calls()).toEqual(calls);
  });

  it('can be started again', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    const watcher = watch(parts);
    const stopped = watcher.stop();
    watcher.start();
    await stopped;
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await finish(parts, runId);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'succeeded');
  });
});

describe('a job that its provider does not list', () => {
  async function shown(as: 'normal' | 'omitted', parts: ScriptedParts): Promise<void> {
    for (const { id } of await parts.control.jobs()) {
      await parts.control.show(id, as);
    }
  }

  it('is failed after a second look, with the reason', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    for (const { id } of await parts.control.jobs()) {
      await parts.control.forget(id);
    }
    const lost = parts.clock.now();
    await parts.clock.until(() => parts.store.job(runId)?.state === 'failed');
    expect(parts.store.job(runId)?.reason).toContain('no longer known to Cloud a');
    expect(parts.clock.now() - lost).toBeGreaterThanOrEqual(5_000);
  });

  it('is cancelled when that is what the person wanted', async () => {
    const parts = scriptedParts();
    const runId = await running(parts);
    for (const { id } of await parts.control.jobs()) {
      await parts.control.forget(id);
    }
    parts.store.requestCancel(runId);
    expect(await watchToEnd(parts, runId)).toBe('cancelled');
  });

  it('stays as it is when it comes back', async () => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    watch(parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
    await shown('omitted', parts);
    const before = await questions(parts);
    await parts.clock.until(async () => (await questions(parts)) > before + 2);
    await shown('normal', parts);
    await parts.clock.advance(60_000);
    expect(parts.store.job(runId)?.state).toBe('running');
  });

  it('stays as it is for as long as it is found by its key', async () => {
    const parts = withoutPushes(scriptedParts());
    const runId = await running(parts);
    await shown('omitted', parts);
    watch(parts);
    await parts.clock.advance(300_000);
    expect(parts.store.job(runId)?.state).toBe('queued');
    await shown('normal', parts);
    await parts.clock.until(() => parts.store.job(runId)?.state === 'running');
  });
});
