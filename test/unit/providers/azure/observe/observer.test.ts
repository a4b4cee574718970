import { afterEach, describe, expect, it } from 'vitest';
import type { Handle, Observation } from '../../../../../src/core/provider.ts';
import { ProviderError } from '../../../../../src/core/providerError.ts';
import type { RunDetails } from '../../../../../src/providers/azure/client/runHistory.ts';
import { handleOf } from '../../../../../src/providers/azure/handle.ts';
import { jobName } from '../../../../../src/providers/azure/names.ts';
import { Observer } from '../../../../../src/providers/azure/observe/observe.ts';
import { never, newKey } from '../../../../conformance/harness.ts';
import type { StubAnswer } from '../../../../fixtures/azure/httpStub.ts';
import { noJob, startWorkspace, type WorkspaceStub } from '../../../../fixtures/azure/workspaceStub.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

let workspace: WorkspaceStub | undefined;

afterEach(async () => {
  await workspace?.stub.stop();
});

interface Cloud {
  /** Jobs by page, newest first, with their states. */
  pages: readonly (readonly (readonly [name: string, status: string])[])[];
  /** To questions about single jobs. */
  one: (name: string) => StubAnswer;
  blob: () => StubAnswer;
  details: () => RunDetails | null;
}

interface Opened {
  readonly cloud: Cloud;
  readonly clock: ManualClock;
  readonly workspace: WorkspaceStub;
  observe(...handles: readonly Handle[]): Promise<ReadonlyMap<string, Observation>>;
}

async function open(more: Partial<Cloud> = {}): Promise<Opened> {
  const clock = new ManualClock();
  const cloud: Cloud = {
    pages: [[]],
    one: () => noJob,
    blob: () => ({ status: 202 }),
    details: () => null,
    ...more,
  };
  const stub = await startWorkspace(clock, ({ path }) => {
    const url = new URL(path, 'http://azure.example');
    if (url.pathname.startsWith('/account/')) {
      return cloud.blob();
    }
    const name = /\/jobs\/([^/]+)$/u.exec(url.pathname)?.[1];
    if (name !== undefined) {
      return cloud.one(name);
    }
    const page = Number(url.searchParams.get('page') ?? 0);
    const value = (cloud.pages[page] ?? []).map(([each, status]) => job(each, status));
    const next = page + 1 < cloud.pages.length ? `${stub.stub.url}/w/jobs?page=${page + 1}` : null;
    return { status: 200, body: { value, nextLink: next } };
  });
  workspace = stub;
  const { api, secrets } = stub;
  const history = { details: async () => cloud.details() };
  const observer = new Observer({ api, history, secrets, workspaceId: '/w', clock });
  return { cloud, clock, workspace: stub, observe: async (...handles) => observer.observe(handles, never()) };
}

function job(name: string, status: string, more: object = {}): object {
  return { name, properties: { jobType: 'Command', status, ...more } };
}

function newHandle(hasSecrets = false): Handle {
  return handleOf({ name: jobName(newKey()), nodes: 1, hasSecrets });
}

describe('secrets', () => {
  const blobs = /^\/account\/box\/aloft\/secrets\//u;

  it('that could not be taken away at the end are with a later question, whichever job it is about', async () => {
    const handle = newHandle(true);
    const opened = await open({ pages: [[[handle.id, 'Completed']]], blob: () => ({ status: 503 }) });
    expect((await opened.observe(handle)).get(handle.id)?.state).toBe('succeeded');
    opened.cloud.blob = () => ({ status: 202 });
    opened.cloud.one = () => ({ status: 200, body: job(handle.id, 'Completed') });
    const other = newHandle();
    await opened.observe(other);
    expect(opened.workspace.asked('DELETE', blobs)).toHaveLength(1);
    opened.clock.jump(20_000);
    await opened.observe(other);
    await opened.observe(other);
    expect(opened.workspace.asked('DELETE', blobs)).toEqual(
      Array.from({ length: 2 }, () => `/account/box/aloft/secrets/${handle.id}`),
    );
    expect(opened.workspace.secrets.due()).toEqual([]);
  });

  it('of a job that was deleted are taken away once, those of one that may yet appear are not', async () => {
    const [gone, sent] = [newHandle(true), newHandle(true)];
    const opened = await open();
    await opened.workspace.secrets.put(sent.id, "export A='1'\n", never());
    expect(await opened.observe(gone, sent)).toEqual(new Map());
    await opened.observe(gone, sent);
    expect(opened.workspace.asked('DELETE', blobs)).toEqual([`/account/box/aloft/secrets/${gone.id}`]);
    opened.clock.jump(11 * 60_000);
    await opened.observe(gone);
    expect(opened.workspace.asked('DELETE', blobs)).toHaveLength(2);
  });

  it('that can never be taken away are tried seldom', async () => {
    const handle = newHandle(true);
    const opened = await open({ blob: () => ({ status: 403 }) });
    await opened.observe(handle);
    for (let minute = 0; minute < 9; minute += 1) {
      opened.clock.jump(60_000);
      await opened.observe(newHandle());
    }
    expect(opened.workspace.asked('DELETE', blobs)).toHaveLength(2);
    expect(opened.workspace.secrets.mayAppear(handle.id)).toBe(true);
  });

  it('of a job that waits for long are left where they are', async () => {
    const handle = newHandle(true);
    const opened = await open({ one: (name) => ({ status: 200, body: job(name, 'Queued') }) });
    await opened.workspace.secrets.put(handle.id, "export A='1'\n", never());
    opened.clock.jump(11 * 60_000);
    await opened.observe(newHandle());
    expect(opened.workspace.asked('DELETE', blobs)).toEqual([]);
    expect(opened.workspace.secrets.due()).toEqual([]);
    opened.clock.jump(11 * 60_000);
    expect(opened.workspace.secrets.due()).toEqual([handle.id]);
  });
});

describe('jobs', () => {
  it('that are far down the list are read from it', async () => {
    const handles = Array.from({ length: 20 }, () => newHandle());
    const page = handles.map(({ id }) => [id, 'Queued'] as const);
    const opened = await open({ pages: [[], [], [], [], [], page] });
    const seen = await opened.observe(...handles);
    expect([...seen.values()].filter(({ state }) => state === 'queued')).toHaveLength(20);
    expect(opened.workspace.asked('GET', /\/jobs\/./u)).toEqual([]);
  });

  it('that are not listed are asked for singly, some at a time and all in turn, which is no news of the others', async () => {
    const handles = Array.from({ length: 40 }, () => newHandle());
    const opened = await open();
    const first = await opened.observe(...handles);
    expect(opened.workspace.asked('GET', /\/jobs\/./u)).toHaveLength(24);
    expect([...first.values()].map(({ state, reason }) => [state, reason])).toEqual(
      Array.from({ length: 16 }, () => ['unseen', null]),
    );
    opened.clock.jump(1000);
    const second = await opened.observe(...handles);
    expect([...first.keys()].filter((id) => second.has(id))).toEqual([]);
  });

  it('of which one cannot be asked about do not take the others along', async () => {
    const listed = newHandle();
    const bad = Array.from({ length: 12 }, () => newHandle());
    const opened = await open({
      pages: [[[listed.id, 'Running']]],
      one: () => ({ status: 500, body: { error: { code: 'ServiceError', message: 'Broken.' } } }),
    });
    const seen = await opened.observe(...bad, listed);
    expect(seen.get(listed.id)?.state).toBe('running');
    for (const { id } of bad) {
      expect(seen.get(id)).toMatchObject({
        state: 'unseen',
        reason: expect.stringMatching(/^Azure does not say how this job is: ./u),
      });
    }
  });
});

describe('an end', () => {
  const failing = (tag: 'auth' | 'transient') => (): never => {
    throw new ProviderError(tag, 'It cannot be had.', { raw: 'raw words' });
  };
  const told = { state: 'failed', reason: 'raw words', exitCode: null, endedAt: null };

  it('is held back for some minutes while the run history cannot be reached, and then told without it', async () => {
    const handle = newHandle();
    const opened = await open({ pages: [[[handle.id, 'Failed']]], details: failing('transient') });
    for (let minute = 0; minute < 5; minute += 1) {
      expect((await opened.observe(handle)).get(handle.id)?.state).toBe('unknown');
      opened.clock.jump(60_000);
    }
    opened.clock.jump(1000);
    expect((await opened.observe(handle)).get(handle.id)).toMatchObject(told);
  });

  it('is told at once where the person may not read the run history', async () => {
    const handle = newHandle();
    const opened = await open({ pages: [[[handle.id, 'Failed']]], details: failing('auth') });
    expect((await opened.observe(handle)).get(handle.id)).toMatchObject(told);
  });
});

describe('a job whose machine was taken away', () => {
  const started = '2026-08-01T12:00:00Z';
  const log = { 'user_logs/std_log.txt': 'https://x' };
  const spot = { queueSettings: { jobTier: 'Spot' } };

  it.each([
    ['it is a spot job that printed something', spot, { startTimeUtc: null, logFiles: log }, 'preempted', null],
    ['its machine was its own', {}, { startTimeUtc: started, logFiles: log }, 'queued', started],
    ['it is a spot job that started', spot, { startTimeUtc: started }, 'preempted', started],
    ['it is a spot job that never started', spot, { startTimeUtc: null, logFiles: {} }, 'queued', null],
    [
      'only its image was built',
      {},
      { startTimeUtc: started, logFiles: { 'azureml-logs/20_image_build_log.txt': 'https://x' } },
      'queued',
      null,
    ],
    ['the run history does not know it', spot, null, 'queued', null],
  ])('is known by who never saw it run: %s', async (_, more, details, state, start) => {
    const handle = newHandle();
    const opened = await open({ details: () => details });
    const createdAt = new Date(opened.clock.now() - 60_000).toISOString();
    opened.cloud.one = (name) => ({
      status: 200,
      body: { ...job(name, 'Queued', more), systemData: { createdAt } },
    });
    const startedAt = start === null ? null : Date.parse(start);
    expect((await opened.observe(handle)).get(handle.id)).toMatchObject({ state, startedAt });
  });
});
