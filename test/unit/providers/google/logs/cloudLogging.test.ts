import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunId } from '../../../../../src/core/job.ts';
import { GoogleAccess } from '../../../../../src/providers/google/client/access.ts';
import type { Clock } from '../../../../../src/core/ports.ts';
import type { Handle } from '../../../../../src/core/provider.ts';
import { Bucket } from '../../../../../src/providers/google/client/bucket.ts';
import { handleOf } from '../../../../../src/providers/google/handle.ts';
import { LogFeed } from '../../../../../src/providers/google/logs/logFeed.ts';
import { cloudLogging } from '../../../../../src/providers/google/logs/logSource.ts';
import { RunLogs } from '../../../../../src/providers/google/logs/runLogs.ts';
import { GoogleApiError } from '../../../../emulators/google/apiError.ts';
import { gather } from '../../../../conformance/harness.ts';
import { type StartedGoogle, startGoogle } from '../../../../emulators/google/startGoogle.ts';
import { quickClock } from '../../../../fixtures/quickClock.ts';
import { collectGarbage } from '../../../../fixtures/retained.ts';
import { Reader, linesOf } from './virtualLogs.ts';

let google: StartedGoogle;
let access: GoogleAccess;
let jobs = 100;

beforeAll(async () => {
  google = await startGoogle();
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsPath);
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', google.project.id);
  access = new GoogleAccess({ project: google.project.id, endpoints: google.endpoints });
}, 60_000);

beforeEach(() => {
  google.control.logging.readsPerMinute = 10_000;
  google.control.clearFaults();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await access.dispose();
  await google.stop();
});

function follow() {
  jobs += 1;
  const id = String(jobs);
  const feed = new LogFeed({
    source: cloudLogging(access),
    clock: quickClock(40),
    endedJobs: async () => new Map(),
  });
  const print = (message: string): void =>
    google.control.logs.add({ jobId: id, taskName: 'workerpool0-0', severity: 'INFO', message });
  return { id, feed, print };
}

const runId = '01ARYZ6S410000000000000000' as RunId;

function handleWithOneLine(): Handle {
  jobs += 1;
  const id = String(jobs);
  google.control.logs.add({ jobId: id, taskName: 'workerpool0-0', severity: 'INFO', message: 'all' });
  return handleOfJob(id, Date.now());
}

function handleOfJob(id: string, createdAt: number): Handle {
  const name = `projects/1/locations/us-central1/customJobs/${id}`;
  return handleOf({ name, outputUri: '', createdAt }, { runId, attempt: 1 }, google.project.id, google.bucket);
}

describe('the log of a run', () => {
  it.each([
    ['has ended', { state: 'succeeded', endedAt: 1_600_000_000_000 }],
    ['is not there any more', null],
  ] as const)('ends when the job %s', async (_, observation) => {
    const handle = handleWithOneLine();
    const logs = new RunLogs(access, quickClock(200), {
      observe: async () => new Map(observation === null ? [] : [[handle.id, observation]]),
      now: async () => Date.now(),
    });
    const items = await gather(logs.logs(handle, null, new AbortController().signal));
    expect(linesOf(items)).toEqual(['stdout: all']);
    logs.dispose();
  });

  it('keeps nothing of a job whose log was read', async () => {
    const logs = new RunLogs(access, quickClock(200), {
      observe: async (handles) =>
        new Map(handles.map(({ id }) => [id, { state: 'succeeded' as const, endedAt: 1_600_000_000_000 }])),
      now: async () => Date.now(),
    });
    const readOne = async (): Promise<WeakRef<Handle>> => {
      const handle = handleWithOneLine();
      expect(linesOf(await gather(logs.logs(handle, null, new AbortController().signal)))).toEqual(['stdout: all']);
      return new WeakRef(handle);
    };
    const read = await readOne();
    await expect
      .poll(() => {
        collectGarbage();
        return read.deref() === undefined;
      })
      .toBe(true);
    logs.dispose();
  });

  it('goes on when a list leaves the job out for a moment', async () => {
    const handle = handleWithOneLine();
    let asked = 0;
    const quick = quickClock(400);
    const isLong = Promise.withResolvers<undefined>();
    const sleep: Clock['sleep'] = async (ms, signal) => (ms === 65_000 ? isLong.promise : quick.sleep(ms, signal));
    const logs = new RunLogs(
      access,
      { now: () => Date.now(), sleep },
      {
        observe: async () => {
          asked += 1;
          return new Map();
        },
        now: async () => null,
      },
    );
    let isOpen = true;
    const reading = gather(logs.logs(handle, null, new AbortController().signal)).finally(() => {
      isOpen = false;
    });
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(5);
    expect(isOpen).toBe(true);
    isLong.resolve(undefined);
    expect(linesOf(await reading)).toEqual(['stdout: all']);
    logs.dispose();
  });

  it('is told the time by Cloud Storage', async () => {
    const bucket = new Bucket(access, google.bucket);
    const { signal } = new AbortController();
    await bucket.put('clock', '', signal);
    const told = (await bucket.now('clock', signal)) ?? 0;
    expect(Math.abs(told - Date.now())).toBeLessThan(600_000);
    expect(await bucket.now('nothing', signal)).toBeNull();
  });

  it('waits for late lines by the clock of Google, however wrong that of this machine is', async () => {
    const handle = handleWithOneLine();
    const waits: number[] = [];
    const quick = quickClock(400);
    const logs = new RunLogs(
      access,
      {
        now: () => Date.now() + 86_400_000,
        sleep: async (ms, signal) => {
          waits.push(ms);
          await quick.sleep(ms, signal);
        },
      },
      {
        observe: async () => new Map([[handle.id, { state: 'succeeded' as const, endedAt: 1_700_000_000_000 }]]),
        now: async () => 1_700_000_001_000,
      },
    );
    expect(linesOf(await gather(logs.logs(handle, null, new AbortController().signal)))).toEqual(['stdout: all']);
    expect(waits).toContain(75_000);
    logs.dispose();
  });
});

describe('what Cloud Logging may not keep any more', () => {
  const year = 365 * 86_400_000;

  it.each([
    ['is told of an old job', { age: year, clockIsAhead: 0, google: Date.now() }, ['expired']],
    ['is told of an old job where Google tells no time', { age: year, clockIsAhead: 0, google: null }, ['expired']],
    ['is nothing where only the clock of this machine says so', { age: 0, clockIsAhead: year, google: Date.now() }, []],
  ])('%s', async (_, { age, clockIsAhead, google: googleNow }, causes) => {
    jobs += 1;
    const handle = handleOfJob(String(jobs), Date.now() - age);
    const quick = quickClock(400);
    const logs = new RunLogs(
      access,
      {
        now: () => Date.now() + clockIsAhead,
        sleep: async (ms, signal) => {
          await quick.sleep(ms, signal);
        },
      },
      {
        observe: async () => new Map([[handle.id, { state: 'succeeded' as const, endedAt: 0 }]]),
        now: async () => googleNow,
      },
    );
    const items = await gather(logs.logs(handle, null, new AbortController().signal));
    expect(items.map((item) => item.kind === 'gap' && item.cause)).toEqual(causes);
    logs.dispose();
  });
});

describe('Cloud Logging through its client', () => {
  it('gives lines that are listed, in pages', async () => {
    const { id, feed, print } = follow();
    const expected = Array.from({ length: 1500 }, (_, index) => `line ${index} é`);
    expected.forEach(print);
    const reader = new Reader(feed, id);
    await expect.poll(() => reader.lines.length, { timeout: 10_000 }).toBe(1500);
    expect(reader.lines).toEqual(expected.map((line) => `stdout: ${line}`));
    reader.stop();
  });

  it('gives lines that a tail session brings, and opens it again when it is cut', async () => {
    const { id, feed, print } = follow();
    const reader = new Reader(feed, id);
    const tails = { method: 'TailLogEntries' } as const;
    const before = google.control.countRequests(tails);
    await expect.poll(() => google.control.logging.openSessions, { timeout: 10_000 }).toBe(1);
    google.control.addFault({ on: { method: 'ListLogEntries' }, kind: 'delay', ms: 60_000, times: 1 });
    print('by the tail');
    await expect.poll(() => reader.lines, { timeout: 10_000 }).toEqual(['stdout: by the tail']);
    google.control.logging.endSessions();
    await expect.poll(() => google.control.countRequests(tails), { timeout: 10_000 }).toBe(before + 2);
    google.control.logging.endSessions(new GoogleApiError('UNAVAILABLE', 'The service is currently unavailable.'));
    await expect.poll(() => google.control.countRequests(tails), { timeout: 10_000 }).toBe(before + 3);
    reader.stop();
    await expect.poll(() => google.control.logging.openSessions).toBe(0);
  });

  it('breaks off as transient when the connection dies, and goes on from there', async () => {
    const { id, feed, print } = follow();
    print('before');
    const reader = new Reader(feed, id);
    await expect.poll(() => reader.lines).toEqual(['stdout: before']);
    google.control.addFault({ on: { method: 'ListLogEntries' }, kind: 'cut', afterBytes: 7 });
    print('after');
    await expect.poll(() => reader.outcome, { timeout: 10_000 }).toMatchObject({ tag: 'transient' });
    const again = new Reader(feed, id, reader.cursor);
    await expect.poll(() => [...reader.lines, ...again.lines]).toEqual(['stdout: before', 'stdout: after']);
    again.stop();
  });

  it('goes on with another token when its own is no longer good', async () => {
    const { id, feed, print } = follow();
    print('before');
    const reader = new Reader(feed, id);
    await expect.poll(() => reader.lines).toEqual(['stdout: before']);
    google.control.tokens.revokeAll();
    print('after');
    await expect.poll(() => reader.lines, { timeout: 10_000 }).toEqual(['stdout: before', 'stdout: after']);
    expect(reader.outcome).toBe('open');
    reader.stop();
  });

  it('tells of a sign-in that is no longer good at all', async () => {
    const { id, feed } = follow();
    google.control.tokens.revokeAll();
    google.control.refuseSignIn();
    const reader = new Reader(feed, id);
    await expect.poll(() => reader.outcome, { timeout: 10_000 }).toMatchObject({ tag: 'auth' });
    google.control.refuseSignIn(false);
  });

  it('waits while the project has asked too often', async () => {
    const { id, feed, print } = follow();
    const reader = new Reader(feed, id);
    google.control.addFault({
      on: { method: 'ListLogEntries' },
      kind: 'fail',
      times: 3,
      error: new GoogleApiError(
        'RESOURCE_EXHAUSTED',
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com' for consumer 'project_number:314159265358'.",
        { errorInfo: { reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata: {} } },
      ),
    });
    print('in the end');
    await expect.poll(() => reader.lines, { timeout: 20_000 }).toEqual(['stdout: in the end']);
    reader.stop();
  });
});
