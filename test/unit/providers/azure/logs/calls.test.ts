import { describe, expect, it } from 'vitest';
import { startStub } from '../../../../fixtures/azure/httpStub.ts';
import { LeapingClock } from '../../../../fixtures/azure/leapingClock.ts';
import type { Handle, Observation } from '../../../../../src/core/provider.ts';
import { JobLogs } from '../../../../../src/providers/azure/logs/jobLogs.ts';
import { handleFor } from '../../../../fixtures/azure/connection.ts';
import { ManualClock } from '../../../../fixtures/engine/manualClock.ts';

/** Fifty jobs that are followed for a while, and what that asks of Azure. */
class Followed {
  readonly clock = new ManualClock();
  state: Observation['state'] = 'queued';
  lists = 0;
  details = 0;
  readonly handles = Array.from({ length: 50 }, (_, index) => handleFor(`job-${index}`));
  readonly logs = new JobLogs({
    observe: async (handles) => {
      this.lists += 1;
      return this.observations(handles);
    },
    history: {
      details: async () => {
        this.details += 1;
        return { status: 'Running', logFiles: {} };
      },
    },
    clock: this.clock,
  });
  readonly stop = new AbortController();
  readonly done = Promise.allSettled(
    this.handles.map(async (handle) => {
      for await (const _ of this.logs.follow(handle, null, this.stop.signal)) {
        // There is nothing to read.
      }
    }),
  );

  observations(handles: readonly Handle[]): ReadonlyMap<string, Observation> {
    const observation = { state: this.state } as Observation;
    return new Map(handles.map(({ id }) => [id, observation]));
  }

  async minute(): Promise<{ readonly lists: number; readonly details: number }> {
    const before = { lists: this.lists, details: this.details };
    await this.clock.advance(60_000);
    return { lists: this.lists - before.lists, details: this.details - before.details };
  }
}

describe('what following fifty logs of Azure asks for', () => {
  it('is one list for all of them, and their files seldom', async () => {
    const followed = new Followed();
    await followed.minute();
    const waiting = await followed.minute();
    expect(waiting.lists).toBeLessThanOrEqual(12);
    expect(waiting.details).toBe(0);

    followed.state = 'running';
    await followed.minute();
    const running = await followed.minute();
    expect(running.lists).toBeLessThanOrEqual(12);
    expect(running.details).toBeLessThanOrEqual(50);
    expect(running.details).toBeGreaterThan(0);

    followed.stop.abort();
    await followed.done;
  });

  it('is no list at all while the jobs are observed anyway', async () => {
    const followed = new Followed();
    await followed.minute();
    const before = followed.lists;
    for (let second = 0; second < 60; second += 2) {
      followed.logs.notice(followed.handles, followed.observations(followed.handles));
      await followed.clock.advance(2000);
    }
    expect(followed.lists).toBe(before);
    followed.stop.abort();
    await followed.done;
  });
});

describe('a log that never pauses', () => {
  it('does not ask how all jobs are each time that there is more of it', async () => {
    const stub = await startStub(() => ({ status: 206, body: 'more' }));
    const clock = new LeapingClock();
    let lists = 0;
    const logs = new JobLogs({
      observe: async (handles) => {
        lists += 1;
        return new Map(handles.map(({ id }) => [id, { state: 'running' } as Observation]));
      },
      history: {
        details: async () => ({ status: 'Running', logFiles: { 'user_logs/std_log.txt': `${stub.url}/log` } }),
      },
      clock,
    });
    let pieces = 0;
    for await (const _ of logs.follow(handleFor('job-1'), null, new AbortController().signal)) {
      pieces += 1;
      if (clock.passed > 120_000) {
        break;
      }
    }
    expect(pieces).toBeGreaterThan(200);
    expect(lists).toBeLessThanOrEqual(120 / 5 + 1);
    await stub.stop();
  });
});
