import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptKey, RunId, SnapshotId } from '../../../src/core/job.ts';
import { groupOf, isTerminal, type ObservedState } from '../../../src/core/jobState.ts';
import type { Plan } from '../../../src/core/provider.ts';
import type { JobStore } from '../../../src/engine/jobStore.ts';
import { connectionId, newRunId, runIdFrom, specOf } from '../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';
import { copyJobs } from '../../fixtures/store/copyJobs.ts';
import { fork, type Fork } from '../../fixtures/store/fork.ts';
import {
  accept,
  acceptedJob,
  newJob,
  observation,
  storeFolder,
  type StoreFolder,
  unwritable,
} from '../../fixtures/store/storeParts.ts';

let folder: StoreFolder;
let clock: ManualClock;
let store: JobStore;
const forks: Fork[] = [];

beforeEach(() => {
  folder = storeFolder();
  clock = new ManualClock();
  store = folder.open({ clock, session: 'here' }).store;
});

afterEach(async () => {
  await Promise.all(forks.splice(0).map(async (child) => await child.kill()));
  folder.remove();
});

/** What the provider says now. */
function observe(
  key: AttemptKey,
  state: ObservedState | 'unknown',
  fields: Parameters<typeof observation>[1] = {},
): readonly RunId[] {
  return store.observe([{ key, observation: observation(state, { observedAt: clock.now(), ...fields }) }]);
}

const plan: Plan = {
  request: { command: 'python train.py' },
  text: 'python train.py',
  language: 'shellscript',
  warnings: [],
};

describe('the journal of a submission', () => {
  test('moves the job along and keeps what each step brings', () => {
    const key = newJob(store);
    expect(store.job(key.runId)).toMatchObject({
      state: 'staging',
      snapshotId: null,
      attempts: [{ number: 1, handle: null }],
    });
    store.recordStep(key, 'snapshot', { snapshotId: 'abc' as SnapshotId });
    store.recordStep(key, 'planned', { plan });
    store.recordStep(key, 'staged', { staged: { folder: '/runs/1' } });
    expect(store.job(key.runId)).toMatchObject({ state: 'staging', snapshotId: 'abc' });
    expect(store.plan(key)).toEqual(plan);
    expect(store.snapshotRefs()).toEqual(new Set(['abc']));

    store.recordStep(key, 'sending', {});
    expect(store.job(key.runId)?.state).toBe('submitting');
    expect(store.liveAttempts()).toEqual([]);

    const handle = { id: '4711', data: { queue: 'gpu' } };
    store.recordStep(key, 'accepted', { handle });
    expect(store.job(key.runId)).toMatchObject({ state: 'queued', attempts: [{ handle, acceptedAt: clock.now() }] });
    expect(store.liveAttempts()).toMatchObject([{ key, handle, state: 'queued', acceptedAt: clock.now() }]);
    expect(store.unfinishedSubmissions()).toEqual([]);
    expect(store.journal(key).map(({ step, data }) => [step, data])).toEqual([
      ['created', { include: [], interpreter: null, askedDurationMs: null }],
      ['snapshot', { snapshotId: 'abc' }],
      ['planned', {}],
      ['staged', { staged: { folder: '/runs/1' } }],
      ['sending', {}],
      ['accepted', { handle }],
    ]);
    expect(store.events(key.runId).map(({ state }) => state)).toEqual(['staging', 'submitting', 'queued']);
  });

  test('a run id is created once, whoever asks again', () => {
    const runId = newRunId();
    newJob(store, { runId, name: 'first' });
    const other = folder.open({ clock, session: 'there' }).store;
    newJob(other, { runId, name: 'second' });
    expect(store.job(runId)).toMatchObject({ name: 'first', attempts: [{ number: 1 }] });
    expect(store.journal({ runId, attempt: 1 })).toHaveLength(1);
  });

  test('a job survives the process, with its spec as it was', () => {
    const spec = specOf({ accelerator: 'H100 x 8', nodes: 2, env: { A: "it's; $HOME" }, limits: { wait: '2h' } });
    const runId = newRunId();
    store.createJob(
      {
        runId,
        name: 'grüße\n',
        spec,
        sourceFolder: '/ä',
        connectionId: connectionId('a'),
        providerId: 'p',
        include: ['.env'],
        interpreter: '/ä/.venv/bin/python',
      },
      1_000,
    );
    store.dispose();
    const again = folder.open({ clock }).store;
    expect(again.job(runId)).toMatchObject({ spec, name: 'grüße\n', sourceFolder: '/ä' });
    expect(again.summaries()).toMatchObject([{ accelerator: 'H100 x 8', nodes: 2 }]);
    expect(again.journal({ runId, attempt: 1 })[0]?.data).toEqual({
      include: ['.env'],
      interpreter: '/ä/.venv/bin/python',
      askedDurationMs: null,
    });
  });

  test('belongs to one process at a time', () => {
    const key = newJob(store);
    const other = folder.open({ clock, session: 'there' }).store;
    expect(other.claimSubmission(key, 1_000)).toBe(false);
    expect(other.recordStep(key, 'sending', {})).toBe(false);
    expect(other.endSubmission(key, 'failed', 'not mine', null)).toBe(false);
    expect(store.claimSubmission(key, 4_000)).toBe(true);

    clock.jump(4_001);
    expect(other.unfinishedSubmissions()).toMatchObject([{ key }]);
    expect(other.claimSubmission(key, 4_000)).toBe(true);
    expect(store.claimSubmission(key, 4_000)).toBe(false);
    expect(store.recordStep(key, 'sending', {})).toBe(false);
    expect(store.job(key.runId)?.state).toBe('staging');
    expect(other.recordStep(key, 'sending', {})).toBe(true);
  });

  test('a claim from a clock that was set back does not last for ever', () => {
    const key = newJob(store);
    store.claimSubmission(key, 4_000);
    clock.jump(-3_600_000);
    expect(folder.open({ clock, session: 'there' }).store.claimSubmission(key, 4_000)).toBe(true);
  });

  test('that failed says why, once and for all', () => {
    const key = newJob(store);
    expect(store.endSubmission(key, 'failed', 'No quota for H100.', 'QUOTA_EXCEEDED: 0 of 8')).toBe(true);
    expect(store.job(key.runId)).toMatchObject({
      state: 'failed',
      reason: 'No quota for H100.',
      endedAt: clock.now(),
      attempts: [{ state: 'failed', reason: 'QUOTA_EXCEEDED: 0 of 8' }],
    });
    expect(store.events(key.runId).at(-1)).toMatchObject({ state: 'failed', native: 'QUOTA_EXCEEDED: 0 of 8' });
    expect(store.recordStep(key, 'sending', {})).toBe(false);
    expect(store.claimSubmission(key, 1_000)).toBe(false);
    expect(store.unfinishedSubmissions()).toEqual([]);
  });
});

describe('what a provider says', () => {
  test('shows in job, attempt, summary and timeline', () => {
    const key = acceptedJob(store);
    observe(key, 'running', { nativeState: 'R', startedAt: 5_000, reason: null });
    clock.jump(1_000);
    expect(observe(key, 'failed', { exitCode: 3, endedAt: 9_000, native: { code: 3 } })).toEqual([key.runId]);
    expect(store.job(key.runId)).toMatchObject({
      state: 'failed',
      reason: 'exit code 3',
      startedAt: 5_000,
      endedAt: 9_000,
      attempts: [{ state: 'failed', nativeState: 'FAILED', exitCode: 3, observedAt: clock.now() }],
    });
    expect(store.summaries()).toMatchObject([
      { state: 'failed', exitCode: 3, reason: 'exit code 3', nativeState: 'FAILED' },
    ]);
    expect(store.native(key)).toEqual({ code: 3 });
    expect(store.events(key.runId).map(({ state }) => state)).toEqual([
      'staging',
      'submitting',
      'queued',
      'running',
      'failed',
    ]);
    expect(store.liveAttempts()).toEqual([]);
  });

  test('after the end changes nothing', () => {
    const key = acceptedJob(store);
    observe(key, 'succeeded', { exitCode: 0 });
    const before = store.job(key.runId);
    clock.jump(1_000);
    expect(observe(key, 'running')).toEqual([]);
    store.endAttempt(key, 'failed', 'it vanished', null);
    expect(store.job(key.runId)).toEqual(before);
  });

  test('in an unknown word keeps the state and shows the word', () => {
    const key = acceptedJob(store);
    observe(key, 'running');
    clock.jump(1_000);
    observe(key, 'unknown', { nativeState: 'SIGNALING' });
    expect(store.job(key.runId)).toMatchObject({ state: 'running', attempts: [{ nativeState: 'SIGNALING' }] });
  });

  test('too late is dropped, even when the newer answers said nothing worth writing down', () => {
    const key = acceptedJob(store);
    observe(key, 'running');
    clock.jump(2_000);
    expect(observe(key, 'running')).toEqual([]);
    expect(observe(key, 'preempted', { observedAt: clock.now() - 1_000 })).toEqual([]);
    expect(store.job(key.runId)?.state).toBe('running');
  });

  test('about nodes and tasks is kept up to date, while the state stays', () => {
    const key = acceptedJob(store);
    observe(key, 'running', { nodes: [{ rank: 0, host: null, state: 'provisioning' }] });
    clock.jump(1_000);
    const nodes = [
      { rank: 0, host: 'gpu-1', state: 'running' },
      { rank: 1, host: 'gpu-2', state: 'running' },
    ] as const;
    const tasks = [{ index: 0, state: 'succeeded', exitCode: 0 }] as const;
    expect(observe(key, 'running', { nodes, tasks })).toEqual([key.runId]);
    expect(store.job(key.runId)?.attempts[0]).toMatchObject({ nodes, tasks });
    clock.jump(1_000);
    expect(observe(key, 'running', { nodes: nodes.toReversed(), tasks })).toEqual([]);
    expect(observe(key, 'running', { nodes: nodes.slice(0, 1), tasks: [] })).toEqual([key.runId]);
    expect(store.job(key.runId)?.attempts[0]).toMatchObject({ nodes: [nodes[0]], tasks });

    const other = folder.open({ clock, session: 'there' }).store;
    clock.jump(1_000);
    const same = observation('running', { observedAt: clock.now(), nodes: nodes.slice(0, 1), tasks });
    expect(other.observe([{ key, observation: same }])).toEqual([]);
  });

  test('is as old as the newest answer, give or take half a minute', () => {
    const key = acceptedJob(store);
    observe(key, 'running');
    for (let second = 0; second < 300; second += 1) {
      clock.jump(1_000);
      observe(key, 'running');
      const observedAt = store.summaries()[0]?.observedAt ?? 0;
      expect(clock.now() - observedAt).toBeLessThanOrEqual(30_000);
    }
  });

  test('goes on counting when the clock was set back', () => {
    const key = acceptedJob(store);
    observe(key, 'running');
    clock.jump(-3_600_000);
    observe(key, 'running');
    expect(store.summaries()[0]?.observedAt).toBe(clock.now());
    observe(key, 'succeeded');
    expect(store.job(key.runId)?.state).toBe('succeeded');
  });

  test('nothing leaves the last known state, with why, until it answers again', () => {
    const key = acceptedJob(store);
    const elsewhere = newJob(store);
    observe(key, 'running');
    store.observeFailed(connectionId('a'), 'The cluster did not answer.');
    store.observeFailed(connectionId('b'), 'Another one.');
    expect(store.summaries({ groups: ['running'] })).toMatchObject([
      { state: 'running', observeError: 'The cluster did not answer.' },
    ]);
    expect(store.job(elsewhere.runId)?.attempts[0]?.observeError).toBeNull();
    expect(observe(key, 'running', { observedAt: clock.now() - 60_000 })).toEqual([key.runId]);
    expect(store.summaries({ groups: ['running'] })[0]?.observeError).toBeNull();
  });

  test('counts all or nothing, in one go', () => {
    const keys = [acceptedJob(store), acceptedJob(store)];
    const nodes = [{ rank: 0, host: 'gpu-1', state: 'running' }] as const;
    const running = observation('running', { observedAt: clock.now(), nodes });
    const observations = keys.map((key, index) => ({
      key,
      observation: index === 1 ? { ...running, native: unwritable } : running,
    }));
    expect(() => store.observe(observations)).toThrow('cannot be written');
    expect(keys.map(({ runId }) => store.job(runId)?.state)).toEqual(['queued', 'queued']);

    store.observe(keys.map((key) => ({ key, observation: running })));
    expect(keys.map(({ runId }) => store.job(runId)?.attempts[0])).toMatchObject([
      { state: 'running', nodes },
      { state: 'running', nodes },
    ]);
  });

  test('about a job that is not there is no error', () => {
    expect(observe({ runId: newRunId(), attempt: 1 }, 'running')).toEqual([]);
  });

  test('whatever it is: the job is as its newest attempt, and an end stays', () => {
    const anyState = fc.constantFrom<ObservedState | 'unknown'>(
      'queued',
      'provisioning',
      'running',
      'preempted',
      'cancelling',
      'succeeded',
      'failed',
      'cancelled',
      'unknown',
    );
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          attempt: fc.integer({ min: 1, max: 3 }),
          state: anyState,
          late: fc.integer({ min: 0, max: 5 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant('again' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const { runId } = acceptedJob(store);
        const ends = new Map<number, string>();
        for (const next of steps) {
          clock.jump(1_000);
          if (next === 'again') {
            const key = store.addAttempt(runId, connectionId('a'), 'scripted', 1_000);
            if (key !== undefined) {
              accept(store, key);
            }
          } else {
            observe({ runId, attempt: next.attempt }, next.state, { observedAt: clock.now() - next.late * 1_000 });
          }
          const job = store.job(runId);
          const newest = job?.attempts.at(-1);
          expect(job?.state).toBe(newest?.state);
          expect(
            store.summaries({ groups: [groupOf(job?.state ?? 'draft')] }).map((summary) => summary.runId),
          ).toContain(runId);
          expect(job?.endedAt !== null).toBe(isTerminal(job?.state ?? 'draft'));
          for (const { number, state } of job?.attempts ?? []) {
            expect(state).toBe(ends.get(number) ?? state);
            if (isTerminal(state)) {
              ends.set(number, state);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('another attempt', () => {
  test('follows a preempted one, and the job shows both as one history', () => {
    const key = acceptedJob(store);
    observe(key, 'running', { startedAt: 7_000 });
    expect(store.addAttempt(key.runId, connectionId('b'), 'other', 1_000)).toBeUndefined();
    clock.jump(1_000);
    observe(key, 'preempted', { reason: 'spot capacity reclaimed' });
    expect(store.addAttempt(key.runId, connectionId('b'), 'other', 1_000)).toEqual({ runId: key.runId, attempt: 2 });
    expect(store.job(key.runId)).toMatchObject({
      state: 'staging',
      startedAt: 7_000,
      attempts: [
        { number: 1, connectionId: 'a', state: 'preempted' },
        { number: 2, connectionId: 'b', state: 'staging' },
      ],
    });
    expect(store.unfinishedSubmissions()).toMatchObject([{ key: { attempt: 2 }, connectionId: 'b' }]);
    expect(store.summaries()).toMatchObject([{ connectionId: 'b', state: 'staging' }]);
  });

  test('decides the job alone: what comes late about the first one stays with that', () => {
    const key = acceptedJob(store);
    observe(key, 'preempted');
    const second = store.addAttempt(key.runId, connectionId('a'), 'scripted', 1_000) ?? never();
    accept(store, second);
    clock.jump(1_000);
    observe(key, 'failed');
    expect(store.job(key.runId)).toMatchObject({
      state: 'queued',
      endedAt: null,
      attempts: [{ state: 'failed' }, { state: 'queued' }],
    });
  });
});

describe('an attempt that a provider still knows of', () => {
  const found = (key: AttemptKey) => ({
    key,
    connectionId: connectionId('a'),
    providerId: 'scripted',
    handle: { id: 'x', data: {} },
    name: 'train.py',
    spec: specOf(),
    createdAt: 1_000,
  });

  test('becomes a job again and is watched', () => {
    const key = { runId: newRunId(), attempt: 1 };
    expect(store.adoptAttempt(found(key))).toBe(true);
    expect(store.adoptAttempt(found(key))).toBe(false);
    expect(store.liveAttempts()).toMatchObject([{ key, acceptedAt: 1_000 }]);
    expect(store.job(key.runId)).toMatchObject({ name: 'train.py', state: 'queued', createdAt: 1_000 });
    observe(key, 'succeeded');
    expect(store.job(key.runId)?.state).toBe('succeeded');
  });

  test('of a later number decides the job, one of an earlier number does not', () => {
    const runId = newRunId();
    store.adoptAttempt(found({ runId, attempt: 2 }));
    observe({ runId, attempt: 2 }, 'failed', { exitCode: 1 });
    store.adoptAttempt(found({ runId, attempt: 1 }));
    expect(store.job(runId)).toMatchObject({ state: 'failed', attempts: [{ number: 1 }, { number: 2 }] });
    store.adoptAttempt(found({ runId, attempt: 3 }));
    expect(store.job(runId)).toMatchObject({ state: 'queued', endedAt: null, reason: null });
    expect(store.count({ groups: ['finished'] })).toBe(0);
  });
});

describe('people', () => {
  test('ask for an end once', () => {
    const key = acceptedJob(store);
    expect(store.requestCancel(key.runId)).toBe(true);
    const at = clock.now();
    clock.jump(1_000);
    expect(store.requestCancel(key.runId)).toBe(true);
    expect(store.job(key.runId)?.cancelRequestedAt).toBe(at);
    expect(store.liveAttempts()).toMatchObject([{ cancelRequestedAt: at }]);
    expect(store.events(key.runId).filter(({ kind }) => kind === 'cancel')).toHaveLength(1);

    observe(key, 'cancelled');
    expect(store.requestCancel(key.runId)).toBe(false);
    expect(store.requestCancel(newRunId())).toBe(false);
  });

  test('delete a job with all that belongs to it, once it has ended', () => {
    const key = acceptedJob(store);
    expect(() => store.deleteJob(key.runId)).toThrow(`${key.runId} has not ended; cancel it before deleting it.`);
    observe(key, 'cancelled', {
      nodes: [{ rank: 0, host: 'a', state: 'cancelled' }],
      tasks: [{ index: 0, state: 'cancelled', exitCode: null }],
    });
    store.deleteJob(key.runId);
    store.deleteJob(key.runId);
    expect(store.job(key.runId)).toBeUndefined();
    expect(store.events(key.runId)).toEqual([]);
    expect(store.journal(key)).toEqual([]);
    expect(store.count({ groups: ['running', 'waiting', 'finished'] })).toBe(0);
  });
});

describe('lists', () => {
  test('are newest first: waiting ones by when they were made, finished ones by when they ended', () => {
    const keys = ['a', 'b', 'c', 'd'].map((name) => {
      clock.jump(1_000);
      return acceptedJob(store, { name });
    });
    const [a, b] = keys;
    observe(b ?? never(), 'succeeded', { endedAt: clock.now() + 1 });
    observe(a ?? never(), 'failed', { endedAt: clock.now() + 2 });
    const names = (query: Parameters<JobStore['summaries']>[0]): readonly string[] =>
      store.summaries(query).map(({ name }) => name);
    expect(names({ groups: ['finished'] })).toEqual(['a', 'b']);
    expect(names({ groups: ['waiting'] })).toEqual(['d', 'c']);
    expect(names({ groups: ['running'] })).toEqual([]);
    expect(names({ groups: ['waiting', 'finished'], limit: 3 })).toEqual(['a', 'b', 'd']);
    expect(names({})).toEqual(['a', 'b', 'd', 'c']);
    expect(store.count({ groups: ['waiting'] })).toBe(2);
    expect(store.countFailedSince(clock.now() + 1)).toBe(1);
    expect(store.countFailedSince(clock.now() + 2)).toBe(0);
  });

  test('of ten thousand finished jobs come in pages that miss none and show none twice', () => {
    const keys = Array.from({ length: 100 }, () => acceptedJob(store));
    const end = observation('succeeded', { observedAt: clock.now(), endedAt: 5_000 });
    store.observe(keys.map((key) => ({ key, observation: end })));
    copyJobs(folder.file, 100);
    const seen = new Set<string>();
    for (let offset = 0; offset < 10_000; offset += 1_000) {
      for (const { runId } of store.summaries({ groups: ['finished'], limit: 1_000, offset })) {
        seen.add(runId);
      }
    }
    expect(seen.size).toBe(10_000);
    expect(store.count({ groups: ['finished'] })).toBe(10_000);
    expect(store.liveAttempts()).toEqual([]);
  });
});

describe('small things', () => {
  test('values, connections and leases are shared by all windows', () => {
    const other = folder.open({ clock, session: 'there' }).store;
    expect(store.value('theme')).toBeUndefined();
    store.setValue('theme', 'dark');
    other.setValue('theme', 'light');
    expect(store.value('theme')).toBe('light');

    const cluster = { id: connectionId('c'), providerId: 'slurm', label: 'Cluster', settings: { host: 'login1' } };
    store.saveConnection(cluster);
    other.saveConnection({ ...cluster, label: 'The cluster' });
    expect(store.connections()).toEqual([{ ...cluster, label: 'The cluster' }]);
    other.deleteConnection(cluster.id);
    expect(store.connections()).toEqual([]);

    expect(store.acquireLease('x', 1_000)).toBe(true);
    expect(other.acquireLease('x', 1_000)).toBe(false);
    expect(other.acquireLease('y', 1_000)).toBe(true);
    other.releaseLease('x');
    expect(other.acquireLease('x', 1_000)).toBe(false);
    clock.jump(1_001);
    expect(other.acquireLease('x', 1_000)).toBe(true);
    other.releaseLease('x');
    expect(store.acquireLease('x', 1_000)).toBe(true);
  });
});

describe('several processes', () => {
  test('write at the same time and lose nothing', async () => {
    const children = Array.from({ length: 3 }, () => fork('writer.ts', [folder.path, '60', 'together']));
    forks.push(...children);
    await Promise.all(children.map(async (child) => await child.lines(1)));
    store.setValue('go', 'now');
    const lines = await Promise.all(children.map(async (child) => await child.end()));
    const written = lines.flatMap((printed) => printed.slice(1, -1));
    expect(written).toHaveLength(180);
    for (const runId of written) {
      const key = { runId: runIdFrom(runId), attempt: 1 };
      expect(store.job(key.runId)?.state).toBe('queued');
      expect(store.journal(key).map(({ step }) => step)).toEqual(['created', 'sending', 'accepted']);
      expect(store.events(key.runId)).toHaveLength(3);
    }
  });

  test('that want the same claim get it once', async () => {
    const children = Array.from({ length: 3 }, () => fork('claimer.ts', [folder.path]));
    forks.push(...children);
    await Promise.all(children.map(async (child) => await child.lines(1)));
    // Made long ago as far as the others can tell, so that every claim has run out.
    clock.jump(Date.now() - 3_600_000 - clock.now());
    const runIds = Array.from({ length: 20 }, () => newJob(store).runId);
    store.setValue('abandoned', JSON.stringify(runIds));
    const claimed = (await Promise.all(children.map(async (child) => await child.end()))).flatMap((lines) =>
      lines.slice(1),
    );
    expect(claimed.toSorted()).toEqual(runIds.toSorted());
  });
});

function never(): never {
  throw new Error('It should be there.');
}
