import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientGoogle, startWithClients } from './clients.ts';

let google: ClientGoogle;

beforeAll(async () => {
  google = await startWithClients();
}, 60_000);

afterAll(async () => {
  await google.stop();
});

interface Listed {
  readonly jsonPayload?: { readonly fields?: Record<string, { readonly stringValue?: string | null }> | null } | null;
}

const messageOf = ({ jsonPayload }: Listed): string => jsonPayload?.fields?.['message']?.stringValue ?? '';

async function list(filter: string, orderBy = 'timestamp asc', pageSize = 1000): Promise<readonly string[]> {
  const [entries] = await google.logging.listLogEntries(
    { resourceNames: [`projects/${google.project.id}`], filter, orderBy, pageSize },
    await google.asked(),
  );
  return entries.map(messageOf);
}

function print(jobId: string, message: string, at?: bigint): void {
  google.control.logs.add({ jobId, taskName: 'workerpool0-0', severity: 'INFO', message }, at);
}

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
}

describe('ListLogEntries', () => {
  it('finds the lines of several jobs in order of time', async () => {
    print('1', 'one');
    print('2', 'two');
    print('3', 'three');
    print('1', 'four');
    expect(await list('resource.type="ml_job" AND resource.labels.job_id=("1" OR "2")')).toEqual([
      'one',
      'two',
      'four',
    ]);
    expect(await list('resource.labels.job_id=("1" OR "2")', 'timestamp desc', 2)).toEqual(['four', 'two', 'one']);
  });

  it('finds by time of the line and of its arrival', async () => {
    const second = 1_000_000_000n;
    const base = BigInt(Date.parse('2026-11-26T12:00:00Z')) * 1_000_000n;
    google.control.logs.lateness = ({ message }) => ({ received: message === 'late' ? 200 : 0, indexed: 0 });
    print('10', 'early', base);
    print('10', 'late', base + second);
    print('10', 'last', base + 2n * second);
    const middle = 'timestamp>="2026-11-26T12:00:01Z"';
    expect(await list(`resource.labels.job_id="10" AND ${middle}`)).toEqual(['last']);
    await expect.poll(async () => list(`resource.labels.job_id="10" AND ${middle}`)).toEqual(['late', 'last']);
    const arrived = `receiveTimestamp>="${new Date(Date.now() + 60_000).toISOString()}"`;
    expect(await list(`resource.labels.job_id="10" AND (${arrived} OR timestamp<"2026-11-26T12:00:01Z")`)).toEqual([
      'early',
    ]);
    google.control.logs.lateness = () => ({ received: 0, indexed: 0 });
  });

  it('has a limit for each minute', async () => {
    google.control.logging.readsPerMinute = 0;
    const error = await refusal(list('resource.labels.job_id="1"'));
    google.control.logging.readsPerMinute = 1000;
    expect(error).toMatchObject({ code: 8, reason: 'RATE_LIMIT_EXCEEDED' });
  });

  it('breaks off after some bytes', async () => {
    print('20', 'never seen whole');
    google.control.addFault({ on: { method: 'ListLogEntries' }, kind: 'cut', afterBytes: 8 });
    const request = { resourceNames: [`projects/${google.project.id}`], filter: 'resource.labels.job_id="20"' };
    const once = { ...(await google.asked()), retry: null };
    expect(await refusal(google.logging.listLogEntries(request, once))).toMatchObject({ code: 14 });
    expect(await list('resource.labels.job_id="20"')).toEqual(['never seen whole']);
  });
});

describe('TailLogEntries', () => {
  interface Answer {
    readonly entries?: readonly Listed[] | null;
    readonly suppressionInfo?: readonly { readonly suppressedCount?: number | null }[] | null;
  }

  async function tail(jobId: string) {
    const before = google.control.logging.openSessions;
    const stream = google.logging.tailLogEntries(await google.asked());
    const lines: string[] = [];
    const suppressed: (number | null | undefined)[] = [];
    const ended = new Promise<unknown>((resolve) => {
      stream.on('error', resolve).on('end', () => resolve(null));
    });
    stream.on('data', ({ entries, suppressionInfo }: Answer) => {
      lines.push(...(entries ?? []).map(messageOf));
      suppressed.push(...(suppressionInfo ?? []).map(({ suppressedCount }) => suppressedCount));
    });
    stream.write({
      resourceNames: [`projects/${google.project.id}`],
      filter: `resource.labels.job_id="${jobId}"`,
      bufferWindow: { seconds: 0, nanos: 10_000_000 },
    });
    await expect.poll(() => google.control.logging.openSessions).toBe(before + 1);
    return { stream, lines, suppressed, ended };
  }

  it('sends what comes, and counts what it leaves out', async () => {
    print('30', 'before');
    const { stream, lines, suppressed, ended } = await tail('30');
    print('30', 'one');
    print('31', 'of another job');
    await expect.poll(() => lines).toEqual(['one']);
    google.control.logging.suppress(2);
    print('30', 'left out');
    print('30', 'left out as well');
    print('30', 'two');
    await expect.poll(() => lines).toEqual(['one', 'two']);
    expect(suppressed).toEqual([2]);
    stream.end();
    expect(await ended).toBeNull();
    await expect.poll(() => google.control.logging.openSessions).toBe(0);
  });

  it('ends after an hour, and has no more than so many sessions', async () => {
    google.control.logging.sessionLimit = 1;
    const { ended } = await tail('40');
    const other = google.logging.tailLogEntries(await google.asked());
    const refused = new Promise((resolve) => {
      other.on('error', resolve);
    });
    other.write({ resourceNames: [`projects/${google.project.id}`], filter: 'resource.labels.job_id="40"' });
    expect(await refused).toMatchObject({ code: 8 });
    google.control.logging.endSessions();
    expect(await ended).toMatchObject({ code: 11 });
  });
});
