import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptKey } from '../../../src/core/job.ts';
import type { Observation } from '../../../src/core/provider.ts';
import type { JobStore } from '../../../src/engine/jobStore.ts';
import { migrate } from '../../../src/engine/migrate.ts';
import { migrations } from '../../../src/engine/schema.ts';
import { waitingSince } from '../../../src/engine/waitingSince.ts';
import { specOf } from '../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';
import { acceptedJob, observation, storeFolder, type StoreFolder } from '../../fixtures/store/storeParts.ts';

let folder: StoreFolder;
let clock: ManualClock;
let store: JobStore;
let key: AttemptKey;

beforeEach(() => {
  folder = storeFolder();
  clock = new ManualClock();
  store = folder.open({ clock }).store;
  key = acceptedJob(store);
});

afterEach(() => {
  folder.remove();
});

/** True when it changes what people see. */
function observe(state: Observation['state'], fields: Parameters<typeof observation>[1] = {}): boolean {
  clock.jump(5_000);
  return store.observe([{ key, observation: observation(state, { observedAt: clock.now(), ...fields }) }]).length > 0;
}

const texts = (): readonly (readonly [string, string | null])[] =>
  store.events(key.runId).map(({ text, native }) => [text, native]);

const hour = 3_600_000;
const resources = { reason: 'Resources', explanation: 'all H100 nodes are in use' };

describe('an explanation', () => {
  test('is what the job says of itself; the provider keeps its own words', () => {
    observe('queued', resources);
    const job = store.job(key.runId);
    expect(job).toMatchObject({ reason: 'all H100 nodes are in use', attempts: [resources] });
    expect(store.summaries()).toMatchObject([{ reason: 'all H100 nodes are in use' }]);
    expect(texts().at(-1)).toEqual(['Waiting in the queue: all H100 nodes are in use', 'Resources']);
    expect(store.events(key.runId).at(-1)).toMatchObject({ kind: 'note', state: null });
  });

  test('comes with the state that begins', () => {
    observe('failed', { reason: 'OUT_OF_MEMORY', explanation: 'it needed more memory than it asked for' });
    expect(texts().at(-1)).toEqual(['Failed: it needed more memory than it asked for', 'OUT_OF_MEMORY']);
    expect(store.job(key.runId)?.reason).toBe('it needed more memory than it asked for');
  });

  test('goes when the provider has none any more', () => {
    observe('queued', resources);
    expect(observe('queued', { reason: 'Priority' })).toBe(true);
    expect(store.job(key.runId)).toMatchObject({ reason: 'Priority', attempts: [{ explanation: null }] });
    observe('running');
    expect(store.job(key.runId)).toMatchObject({ reason: null, attempts: [{ explanation: null }] });
  });

  test('does not outlive a verdict of our own', () => {
    observe('queued', { ...resources, expectedStartAt: clock.now() + hour });
    store.endAttempt(key, 'failed', 'no longer known to lab', null);
    expect(store.job(key.runId)).toMatchObject({
      reason: 'no longer known to lab',
      attempts: [{ explanation: null, expectedStartAt: null }],
    });
  });

  test('is told once in a stretch of waiting, however often it comes back and whatever numbers it holds', () => {
    const priority = (ahead: number) => ({ reason: 'Priority', explanation: `${ahead} jobs are ahead of it` });
    for (let poll = 100; poll > 0; poll -= 1) {
      expect(observe('queued', poll % 3 === 0 ? resources : priority(poll))).toBe(true);
    }
    const notes = store.events(key.runId).filter(({ kind }) => kind === 'note');
    expect(notes.map(({ text }) => text)).toEqual([
      'Waiting in the queue: 100 jobs are ahead of it',
      'Waiting in the queue: all H100 nodes are in use',
    ]);
    expect(store.job(key.runId)?.reason).toBe('1 jobs are ahead of it');
  });

  test('is told again after the job ran in between', () => {
    observe('queued', resources);
    observe('running');
    observe('preempted', { reason: 'PREEMPTED' });
    observe('queued', { ...resources, reason: 'BeginTime' });
    observe('queued', { explanation: 'the node is being cleaned' });
    expect(texts().slice(-2)).toEqual([
      ['Waiting in the queue: all H100 nodes are in use', 'BeginTime'],
      ['Waiting in the queue: the node is being cleaned', null],
    ]);
  });
});

describe('an expected start', () => {
  const expectedOf = (): number | null | undefined => store.job(key.runId)?.attempts[0]?.expectedStartAt;

  test('is kept while the job waits, also over a restart', () => {
    const expectedStartAt = clock.now() + hour;
    expect(observe('queued', { expectedStartAt })).toBe(true);
    expect(expectedOf()).toBe(expectedStartAt);
    store.dispose();
    store = folder.open({ clock }).store;
    expect(expectedOf()).toBe(expectedStartAt);
    expect(store.summaries()).toMatchObject([{ expectedStartAt }]);
    observe('running', { expectedStartAt });
    expect(expectedOf()).toBeNull();
    expect(store.summaries()).toMatchObject([{ expectedStartAt: null }]);
  });

  test('that moves a little with every question changes nothing and tells nothing', () => {
    const first = clock.now() + 10 * hour;
    observe('queued', { ...resources, expectedStartAt: first });
    const before = store.events(key.runId);
    for (let poll = 1; poll <= 200; poll += 1) {
      expect(observe('queued', { ...resources, expectedStartAt: first + (poll % 40) * 60_000 })).toBe(false);
    }
    expect(expectedOf()).toBe(first);
    expect(observe('queued', { ...resources, expectedStartAt: first + 2 * hour })).toBe(true);
    expect(expectedOf()).toBe(first + 2 * hour);
    expect(store.events(key.runId)).toEqual(before);
  });
});

describe('the tasks of an array job', () => {
  test('are counted in lists', () => {
    expect(store.summaries()).toMatchObject([{ tasks: { total: 0, ended: 0, failed: 0 } }]);
    const states = ['succeeded', 'succeeded', 'failed', 'cancelled', 'running', 'queued'] as const;
    observe('running', { tasks: states.map((state, index) => ({ index, state, exitCode: null })) });
    expect(store.summaries()).toMatchObject([{ tasks: { total: 6, ended: 4, failed: 1 } }]);
  });
});

describe('a store of before', () => {
  test('keeps its jobs, whose specs have no options', () => {
    store.dispose();
    const { runId } = key;
    const old = storeFolder();
    try {
      const database = new DatabaseSync(old.file);
      migrate(database, migrations.slice(0, 1));
      const { options, ...spec } = specOf({ name: 'of before' });
      expect(options).toEqual({});
      database
        .prepare(
          `INSERT INTO jobs (run_id, name, nodes, source_folder, session, state, job_group, created_at, attempt, changed, spec)
           VALUES (?, 'of before', 1, '/home/ada', 'x', 'running', 'running', 1, 1, 1, ?)`,
        )
        .run(runId, JSON.stringify(spec));
      database
        .prepare(
          `INSERT INTO attempts (run_id, number, connection_id, provider_id, state, handle, created_at)
           VALUES (?, 1, 'a', 'scripted', 'running', '{"id":"7","data":{}}', 1)`,
        )
        .run(runId);
      database.close();
      const again = old.open({ clock }).store;
      expect(again.job(runId)).toMatchObject({
        spec: { name: 'of before', options: {} },
        attempts: [{ explanation: null, expectedStartAt: null }],
      });
      expect(again.liveAttempts()).toMatchObject([{ spec: { options: {} } }]);
      expect(again.summaries()).toMatchObject([{ name: 'of before', expectedStartAt: null }]);
      again.observe([{ key, observation: observation('preempted', { ...resources, observedAt: clock.now() }) }]);
      expect(again.job(runId)?.reason).toBe('all H100 nodes are in use');
      again.endAttempt(key, 'cancelled', null, null);
      again.deleteJob(runId);
      expect(again.job(runId)).toBeUndefined();
    } finally {
      old.remove();
    }
  });
});

describe('a job that could not be looked at', () => {
  test('stays as it was, with all that is known of it, and says why', () => {
    const nodes = [{ rank: 0, host: 'n1', state: 'provisioning' as const }];
    observe('provisioning', { ...resources, nativeState: 'Starting', nodes, native: { id: 7 } });
    const before = store.job(key.runId);
    const told = texts();
    expect(observe('unseen', { reason: null, nativeState: '-' })).toBe(false);
    expect(store.job(key.runId)).toEqual(before);
    expect(observe('unseen', { reason: 'Forbidden.', nativeState: '-' })).toBe(true);
    expect(observe('unseen', { reason: 'Forbidden.', nativeState: '-' })).toBe(false);
    expect(store.job(key.runId)).toMatchObject({
      state: 'provisioning',
      reason: before?.reason,
      attempts: [{ ...before?.attempts[0], observeError: 'Forbidden.' }],
    });
    expect(texts()).toEqual(told);
    expect(observe('provisioning', { ...resources, nativeState: 'Starting', nodes })).toBe(true);
    expect(store.job(key.runId)?.attempts).toMatchObject([{ observeError: null }]);
  });
});

describe('a job that ran unseen and waits again', () => {
  const told = (): number => texts().filter(([text]) => text.includes('run meanwhile')).length;
  const since = (): number | null => {
    const job = store.job(key.runId);
    return job === undefined ? null : waitingSince(job, store.events(key.runId), 0);
  };

  test('says so, once, and waits from then on', () => {
    observe('queued', resources);
    const startedAt = clock.now();
    clock.jump(hour);
    observe('queued', { ...resources, startedAt });
    const seenAt = clock.now();
    observe('queued', { ...resources, startedAt });
    expect([told(), since()]).toEqual([1, seenAt]);
  });

  test('says so each time, also after it was seen to run', () => {
    const startedAt = clock.now();
    observe('running', { startedAt });
    observe('queued', { ...resources, startedAt: startedAt + 2000 });
    expect(told()).toBe(0);
    for (const time of [1, 2]) {
      clock.jump(hour);
      const again = clock.now();
      observe('queued', { ...resources, startedAt: again });
      expect([told(), since()]).toEqual([time, clock.now()]);
    }
  });

  test('says so where it waits in another way', () => {
    observe('provisioning');
    const startedAt = clock.now();
    clock.jump(hour);
    observe('queued', { ...resources, startedAt });
    expect([told(), since()]).toEqual([1, clock.now()]);
  });

  test('says it of its tasks where it is an array', () => {
    const tasks = (['succeeded', 'queued'] as const).map((state, index) => ({ index, state, exitCode: null }));
    observe('queued', { tasks, startedAt: clock.now() });
    expect(texts().at(-1)?.[0]).toBe('Waiting in the queue: some of its tasks have run meanwhile, others wait');
  });

  test('started when it first did, whenever that is told', () => {
    const startedAt = clock.now();
    observe('queued', { ...resources, startedAt: startedAt + hour });
    expect(store.job(key.runId)).toMatchObject({ startedAt: startedAt + hour });
    observe('queued', { ...resources, startedAt });
    expect(store.job(key.runId)).toMatchObject({ startedAt });
    observe('running', { startedAt: startedAt - 1 });
    observe('succeeded', { startedAt: startedAt + hour });
    expect(store.job(key.runId)).toMatchObject({ startedAt: startedAt - 1 });
  });

  test('says nothing where that it ran is known, or where its state is not', () => {
    const startedAt = clock.now();
    observe('preempted');
    const lostAt = clock.now();
    observe('preempted', { startedAt });
    expect([told(), since()]).toEqual([0, lostAt]);
    observe('unknown', { startedAt: startedAt + hour });
    expect(told()).toBe(0);
  });
});
