import type { Client } from 'ssh2';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { watchForSleep } from '../../../../../src/providers/slurm/ssh/sleepWatch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function watched(answers: boolean): {
  readonly gone: ReturnType<typeof vi.fn>;
  readonly asked: () => number;
  readonly stop: () => void;
} {
  let asked = 0;
  const client: Pick<Client, 'unforwardIn'> = {
    unforwardIn: (_host, _port, done) => {
      asked += 1;
      if (answers) {
        done?.(new Error('nothing was forwarded'));
      }
      return client as Client;
    },
  };
  const gone = vi.fn();
  return { gone, asked: () => asked, stop: watchForSleep(client as Client, gone) };
}

/** The clock goes on while no timer does. */
function sleep(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(5000);
}

test('a connection that does not answer after a sleep is gone within seconds', () => {
  const { gone, asked } = watched(false);
  sleep(3_600_000);
  expect(asked()).toBe(1);
  vi.advanceTimersByTime(5000);
  expect(gone).toHaveBeenCalledTimes(1);
});

test('one that answers stays', () => {
  const { gone, asked } = watched(true);
  sleep(3_600_000);
  vi.advanceTimersByTime(60_000);
  expect(asked()).toBe(1);
  expect(gone).not.toHaveBeenCalled();
});

test('a busy moment is no sleep, and a stopped watch sees none', () => {
  const { gone, asked, stop } = watched(false);
  sleep(10_000);
  stop();
  sleep(3_600_000);
  vi.advanceTimersByTime(60_000);
  expect(asked()).toBe(0);
  expect(gone).not.toHaveBeenCalled();
});
