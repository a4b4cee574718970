import { afterEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../../../../src/core/provider.ts';
import type { RunDetails } from '../../../../../src/providers/azure/client/runHistory.ts';
import { JobLogs } from '../../../../../src/providers/azure/logs/jobLogs.ts';
import { handleFor } from '../../../../fixtures/azure/connection.ts';
import { type HttpStub, startStub } from '../../../../fixtures/azure/httpStub.ts';
import { LeapingClock } from '../../../../fixtures/azure/leapingClock.ts';

const azureEnd = Date.UTC(2026, 7, 1, 12);
const iso = (time: number): string => new Date(time).toISOString();

describe('the log of a job that has ended', () => {
  const stubs: HttpStub[] = [];
  afterEach(async () => {
    await Promise.all(stubs.splice(0).map(async (stub) => stub.stop()));
  });

  interface Ended {
    /** Of this machine, which nobody set. */
    readonly clock: LeapingClock;
    /** The whole log, so many ms after the reading began. */
    readonly text: (passed: number) => string;
    readonly details: (passed: number, logFiles: Record<string, string>) => RunDetails | null;
  }

  const read = async ({ clock, text, details }: Ended): Promise<{ readonly text: string; readonly asked: number }> => {
    const stub = await startStub(({ headers }) => {
      const from = Number(/bytes=(\d+)-/u.exec(headers.range ?? '')?.[1] ?? 0);
      const rest = text(clock.passed).slice(from);
      return rest === '' ? { status: 416 } : { status: 206, body: rest };
    });
    stubs.push(stub);
    let asked = 0;
    const logs = new JobLogs({
      observe: async (handles) => new Map(handles.map(({ id }) => [id, { state: 'succeeded' } as Observation])),
      history: {
        details: async () => {
          asked += 1;
          return details(clock.passed, { 'user_logs/std_log.txt': `${stub.url}/log` });
        },
      },
      clock,
    });
    let all = '';
    for await (const item of logs.follow(handleFor('job-1'), null, new AbortController().signal)) {
      all += item.kind === 'bytes' ? Buffer.from(item.bytes).toString() : '[gap]';
    }
    return { text: all, asked };
  };

  const wrongClocks = [-86_400_000, 0, 86_400_000];

  it.each(wrongClocks)('is looked at until half a minute after the end (clock wrong by %i ms)', async (wrong) => {
    const clock = new LeapingClock(azureEnd + wrong);
    const answer = await read({
      clock,
      text: (passed) => `early${passed >= 2000 ? ' soon' : ''}${passed >= 27_000 ? ' late' : ''}`,
      details: (passed, logFiles) => ({
        startTimeUtc: iso(azureEnd - 60_000),
        endTimeUtc: iso(azureEnd),
        answeredAt: azureEnd + 1000 + passed,
        logFiles,
      }),
    });
    expect(answer.text).toBe('early soon late');
    expect(answer.asked).toBeLessThan(20);
  });

  it.each(wrongClocks)('is not waited for when that is over (clock wrong by %i ms)', async (wrong) => {
    const clock = new LeapingClock(azureEnd + wrong);
    const { text } = await read({
      clock,
      text: () => 'all',
      details: (passed, logFiles) => ({
        startTimeUtc: iso(azureEnd - 60_000),
        endTimeUtc: iso(azureEnd),
        answeredAt: azureEnd + 31_000 + passed,
        logFiles,
      }),
    });
    expect(text).toBe('all');
    expect(clock.passed).toBe(0);
  });

  it('is waited for only as long as is left', async () => {
    const clock = new LeapingClock();
    await read({
      clock,
      text: () => 'all',
      details: (passed, logFiles) => ({
        endTimeUtc: iso(azureEnd),
        answeredAt: azureEnd + 20_000 + passed,
        logFiles,
      }),
    });
    expect(clock.passed).toBe(10_000);
  });

  it('is looked at for as long from when the end was seen, where Azure tells no times', async () => {
    const clock = new LeapingClock();
    const { text } = await read({
      clock,
      text: (passed) => `early${passed >= 29_000 ? ' late' : ''}`,
      details: (_, logFiles) => ({ logFiles }),
    });
    expect(text).toBe('early late');
  });

  it('is looked at for longer while it still grows', async () => {
    const clock = new LeapingClock();
    const { text } = await read({
      clock,
      text: (passed) => `early${passed >= 29_000 ? ' late' : ''}${passed >= 35_000 ? ' later' : ''}`,
      details: (_, logFiles) => ({ logFiles }),
    });
    expect(text).toBe('early late later');
  });

  it.each([
    ['that never ran', { endTimeUtc: iso(azureEnd), answeredAt: azureEnd, logFiles: {} }],
    ['that the run history does not have', null],
  ])('of one %s is not waited for', async (_, details) => {
    const clock = new LeapingClock();
    expect((await read({ clock, text: () => '', details: () => details })).text).toBe('');
    expect(clock.passed).toBe(0);
  });
});
