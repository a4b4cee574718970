import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { specToInput } from '../../../src/core/jobSpec.ts';
import { noteLostStore, rebuildLost, resumeSubmissions } from '../../../src/engine/reconcile.ts';
import type { JobScriptInput } from '../../emulators/scripted/script.ts';
import { createJob, type EngineParts, newRunId, specOf } from '../../fixtures/engine/engineParts.ts';
import {
  inTime,
  never,
  type ScriptedParts,
  scriptedParts,
  submit,
  watchToEnd,
} from '../../fixtures/engine/scriptedParts.ts';

const runsOn: JobScriptInput = { life: [{ state: 'queued', forMs: 0 }, { state: 'running' }] };

/** The store is gone; a window opens a new one over the same clouds. */
function loseStore(parts: ScriptedParts): EngineParts & Pick<ScriptedParts, 'clock'> {
  parts.close();
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(join(parts.folder, `aloft.db${suffix}`), { force: true });
  }
  const fresh = parts.otherWindow();
  noteLostStore(fresh);
  return { ...fresh, clock: parts.clock };
}

/** The scripted cloud carries the spec as it was planned; this one carries it as people write it. */
function carrySpecs(parts: ScriptedParts, spec: Parameters<typeof specToInput>[0]): void {
  const list = parts.connection.list.bind(parts.connection);
  parts.connection.list = async (signal) =>
    (await list(signal)).map((found) => ({ ...found, spec: specToInput(spec) }));
}

describe('a store that was lost', () => {
  it('gets its jobs back with spec and state, and says where they come from', async () => {
    const parts = scriptedParts({ ids: ['a', 'b'] });
    const spec = specOf({
      name: 'fine tuning',
      command: 'python tune.py --lr 3',
      accelerator: 'H100 x 8',
      outputs: ['out/**'],
    });
    await parts.control.setDefaultScript(runsOn);
    const first = await submit(parts, { spec });
    const second = await submit(parts, { connection: 'b' });
    carrySpecs(parts, spec);
    const fresh = loseStore(parts);
    await inTime(parts.clock, rebuildLost(fresh, never));

    expect(fresh.store.job(first.runId)).toMatchObject({ name: 'fine tuning', spec, state: 'queued' });
    expect(fresh.store.job(second.runId)?.attempts[0]).toMatchObject({ number: 1, connectionId: 'b' });
    expect(fresh.store.events(first.runId).map(({ text }) => text)).toEqual([expect.stringContaining('Found again')]);
    fresh.store.requestCancel(first.runId);
    expect(await watchToEnd({ ...parts, ...fresh }, first.runId)).toBe('cancelled');
    expect(await watchToEnd({ ...parts, ...fresh }, second.runId)).toBe('succeeded');
  });

  it('asks an unreachable provider until it answers, also after a restart', async () => {
    const parts = scriptedParts({ ids: ['a', 'b'] });
    const { runId } = await submit(parts);
    const other = await submit(parts, { connection: 'b' });
    await parts.control.addFault({ on: 'list', kind: 'fail', tag: 'auth', times: 1000 });
    const fresh = loseStore(parts);
    const closing = new AbortController();
    const rebuilding = rebuildLost(fresh, closing.signal);
    await parts.clock.until(() => fresh.store.job(other.runId) !== undefined);
    closing.abort(new DOMException('the window closes', 'AbortError'));
    await expect(rebuilding).rejects.toMatchObject({ name: 'AbortError' });
    expect(fresh.store.job(runId)).toBeUndefined();

    const next = parts.otherWindow();
    const again = inTime(parts.clock, rebuildLost(next, never));
    await parts.control.clearFaults();
    await again;
    expect(next.store.job(runId)?.state).toBe('queued');
    const lists = (await parts.control.calls()).list;
    await inTime(parts.clock, rebuildLost(next, never));
    expect((await parts.control.calls()).list).toBe(lists);
  });

  it('takes in runs whose spec or name cannot be read and whose times are odd', async () => {
    const parts = scriptedParts();
    const { runId } = await submit(parts);
    const list = parts.connection.list.bind(parts.connection);
    const hostile = { name: 'two\nlines\u0000', spec: { command: 7, nodes: 'many' }, createdAt: 1_790_000_000_000.25 };
    parts.connection.list = async (signal) => (await list(signal)).map((found) => ({ ...found, ...hostile }));
    const fresh = loseStore(parts);
    await inTime(parts.clock, rebuildLost(fresh, never));
    expect(fresh.store.job(runId)).toMatchObject({ name: runId, state: 'queued' });
  });

  it('does not touch what it knows', async () => {
    const parts = scriptedParts();
    const { runId } = await submit(parts);
    const events = parts.store.events(runId);
    noteLostStore(parts);
    await inTime(parts.clock, rebuildLost(parts, never));
    expect(parts.store.events(runId)).toEqual(events);
  });

  it('asks nobody when nothing was lost', async () => {
    const parts = scriptedParts();
    await rebuildLost(parts, never);
    expect((await parts.control.calls()).list).toBe(0);
  });
});

describe('unfinished submissions', () => {
  it('are all finished, and one that fails does not keep the others', async () => {
    const parts = scriptedParts({ ids: ['a', 'b'] });
    const bad = createJob(parts, { spec: specOf({ image: 'python:3.12' }) });
    const good = createJob(parts);
    const elsewhere = createJob(parts, { connection: 'b' });
    const gone = createJob(parts, { connection: 'removed' });
    await inTime(parts.clock, resumeSubmissions(parts, never));

    expect([bad, good, elsewhere, gone].map(({ runId }) => parts.store.job(runId)?.state)).toEqual([
      'failed',
      'queued',
      'queued',
      'failed',
    ]);
    expect(parts.store.unfinishedSubmissions()).toEqual([]);
  });

  it('are left to the window that is at them', async () => {
    const parts = scriptedParts();
    createJob(parts, { runId: newRunId() });
    const other = parts.otherWindow();
    await inTime(parts.clock, resumeSubmissions(other, never));
    expect(await parts.control.jobs()).toEqual([]);
    expect(parts.store.unfinishedSubmissions()).toHaveLength(1);
  });
});
