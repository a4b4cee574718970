import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { AttemptKey } from '../../../src/core/job.ts';
import type { LogCursor, LogItem } from '../../../src/core/logChunk.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { attemptLogFolder } from '../../../src/engine/logFolder.ts';
import { type FollowerDeps, LogFollowers } from '../../../src/engine/logFollowers.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { quietLogger, workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt, observe, openLogStore, spooled } from '../../fixtures/log/logJob.ts';
import { openFilesBelow } from '../../fixtures/log/openFiles.ts';
import { bytesOf, itemsOf, type Piece, rank1, seededOutput, stderr, stdout } from '../../fixtures/log/output.ts';

type Logs = (handleId: string, cursor: LogCursor | null, signal: AbortSignal) => AsyncIterable<LogItem>;

const work = workFolder();
const root = work.path;
const store = openLogStore(root);
const started: LogFollowers[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(async (followers) => await followers.stop()));
});

afterAll(() => {
  store.dispose();
  work.remove();
});

/** Time passes at once, so that waiting for a reconnection costs nothing; `slept` keeps how long it would have been. */
const slept: number[] = [];
const quickClock: FollowerDeps['clock'] = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    slept.push(ms);
    await systemClock.sleep(1, signal);
  },
};

function follow(logs: Logs, parts: Partial<FollowerDeps> = {}): LogFollowers {
  const followers = new LogFollowers({
    store,
    root,
    clock: quickClock,
    logger: quietLogger,
    connections: { open: async () => ({ logs: (handle, cursor, signal) => logs(handle.id, cursor, signal) }) },
    ...parts,
  });
  started.push(followers);
  followers.start();
  return followers;
}

async function untilComplete(...keys: readonly AttemptKey[]): Promise<void> {
  await vi.waitFor(
    () => {
      for (const key of keys) {
        expect(store.logState(key).status).toBe('complete');
      }
    },
    { timeout: 20_000, interval: 10 },
  );
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => {
    reject(signal.reason);
  });
  return await promise;
}

/** Hands out `pieces` to those attempts and nothing to others. */
function printing(pieces: readonly Piece[], keys: readonly AttemptKey[], mishap: () => void = () => undefined): Logs {
  const known = new Set<string>(keys.map(({ runId }) => runId));
  return async function* logs(handleId, cursor) {
    for (const item of known.has(handleId) ? itemsOf(pieces, cursor, () => 5_000) : []) {
      yield item;
      mishap();
    }
  };
}

function expectSpooled(key: AttemptKey, pieces: readonly Piece[]): void {
  for (const stream of [stdout, stderr, rank1]) {
    expect(spooled(root, key, stream).equals(bytesOf(pieces, stream))).toBe(true);
  }
}

test('a connection that drops after every chunk costs nothing but time', async () => {
  const key = acceptedAttempt(store, 'succeeded');
  const pieces = [...seededOutput(3, 300_000), { gap: 'rotated away' }, ...seededOutput(4, 50_000)];
  let connections = 0;
  follow(
    printing(pieces, [key], () => {
      connections += 1;
      throw new ProviderError('transient', 'socket hang up');
    }),
  );
  await untilComplete(key);
  expectSpooled(key, pieces);
  expect(store.logState(key).gaps.map(({ reason }) => reason)).toEqual(['rotated away']);
  expect(connections).toBeGreaterThan(70);
});

test('wherever it stops, the next leader goes on there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(15), { maxLength: 4 }), async (stops) => {
      const key = acceptedAttempt(store, 'succeeded');
      const pieces = seededOutput(stops.length, 250_000);
      for (const after of stops) {
        let handed = 0;
        const reached = Promise.withResolvers<void>();
        const followers = follow(async function* logs(handleId, cursor, signal) {
          for (const item of handleId === key.runId ? itemsOf(pieces, cursor, () => 3_000) : []) {
            if (handed === after) {
              reached.resolve();
              await untilAborted(signal);
            }
            handed += 1;
            yield item;
          }
        });
        await reached.promise;
        await followers.stop();
      }
      follow(printing(pieces, [key]));
      await untilComplete(key);
      expectSpooled(key, pieces);
      await Promise.all(started.splice(0).map(async (followers) => await followers.stop()));
    }),
    { numRuns: 12 },
  );
});

test('output that comes after the connection said it was the end is fetched once the attempt has ended', async () => {
  const key = acceptedAttempt(store, 'running');
  const all: readonly Piece[] = [
    { stream: stdout, bytes: Buffer.from('early\n') },
    { stream: stdout, bytes: Buffer.from('late\n') },
  ];
  let passes = 0;
  follow(async function* logs(handleId, cursor) {
    passes += handleId === key.runId ? 1 : 0;
    yield* handleId === key.runId ? itemsOf(passes === 1 ? all.slice(0, 1) : all, cursor, () => 100) : [];
  });
  await vi.waitFor(() => {
    expect(spooled(root, key, stdout).toString()).toBe('early\n');
    expect(store.logState(key).cursor).toBe('6');
  });
  expect(store.logState(key).status).toBe('following');
  observe(store, key, 'succeeded');
  await untilComplete(key);
  expect(spooled(root, key, stdout).toString()).toBe('early\nlate\n');
  expect(passes).toBe(2);
});

test('what the provider no longer has is marked, and the log is complete', async () => {
  const key = acceptedAttempt(store, 'failed');
  follow(async function* logs(handleId, cursor) {
    if (handleId === key.runId) {
      yield* itemsOf([{ stream: stdout, bytes: Buffer.from('step 1\n') }], cursor, () => 100);
      throw new ProviderError('notFound', 'pods "train-0" not found');
    }
  });
  await untilComplete(key);
  expect(store.logState(key).gaps).toEqual([
    expect.objectContaining({ reason: expect.stringContaining('pods "train-0" not found'), cause: 'expired' }),
  ]);
  expect(spooled(root, key, stdout).toString()).toBe('step 1\n');
});

test('a sign-in that ran out interrupts the log until it works again', async () => {
  const key = acceptedAttempt(store, 'succeeded');
  let signedIn = false;
  follow(async function* logs(handleId, cursor) {
    if (handleId === key.runId && !signedIn) {
      throw new ProviderError('auth', 'the token has expired');
    }
    yield* handleId === key.runId ? itemsOf([{ stream: stdout, bytes: Buffer.from('x\n') }], cursor, () => 100) : [];
  });
  await vi.waitFor(() => {
    expect(store.logState(key).status).toBe('interrupted');
  });
  signedIn = true;
  await untilComplete(key);
  expect(store.logState(key).gaps).toEqual([]);
});

test('the log of an ended job is not given up when its connection is gone or badly set up', async () => {
  const key = acceptedAttempt(store, 'succeeded');
  const pieces = [{ stream: stdout, bytes: Buffer.from('all of it\n') }];
  const answers: (() => Error)[] = [
    () => new ProviderError('conflict', 'lab is not set up here any more.'),
    () => new ProviderError('invalid', 'The settings of lab name no host.'),
    () => new ProviderError('notFound', 'There is no kubeconfig.'),
  ];
  const none: Logs = async function* none() {};
  follow(none, {
    connections: {
      open: async () => {
        const failure = answers.shift();
        if (failure !== undefined) {
          throw failure();
        }
        return {
          logs: async function* logs(_handle, cursor) {
            yield* itemsOf(pieces, cursor, () => 100);
          },
        };
      },
    },
  });
  await untilComplete(key);
  expect(answers).toEqual([]);
  expect(spooled(root, key, stdout).toString()).toBe('all of it\n');
});

test('a provider that keeps failing is asked less and less often', async () => {
  const key = acceptedAttempt(store, 'succeeded');
  slept.length = 0;
  let failures = 0;
  follow(async function* logs(handleId, cursor) {
    if (handleId === key.runId && failures < 12) {
      failures += 1;
      throw new ProviderError('transient', 'connection refused');
    }
    yield* itemsOf([], cursor, () => 1);
  });
  await untilComplete(key);
  expect(slept[0]).toBeLessThanOrEqual(250);
  expect(slept.slice(0, 12).at(-1)).toBeGreaterThanOrEqual(15_000);
  expect(Math.max(...slept)).toBeLessThanOrEqual(30_000);
});

test('a deleted job is let go of, and nothing of it comes back', async () => {
  const key = acceptedAttempt(store, 'running');
  const aborted = Promise.withResolvers<void>();
  const printed = Promise.withResolvers<void>();
  follow(async function* logs(handleId, _cursor, signal) {
    if (handleId === key.runId) {
      yield* itemsOf([{ stream: stdout, bytes: Buffer.from('x\n') }], null, () => 100);
      printed.resolve();
      await untilAborted(signal).finally(() => {
        aborted.resolve();
      });
    }
  });
  await printed.promise;
  store.endAttempt(key, 'cancelled', null, null);
  store.deleteJob(key.runId);
  await aborted.promise;
  expect(store.logState(key)).toMatchObject({ status: 'none', streams: [] });
});

test('hundreds of silent logs are followed at once, and keep no file open', async () => {
  const keys = Array.from({ length: 300 }, () => acceptedAttempt(store, 'running'));
  const waiting = new Set<string>();
  const followers = follow(async function* logs(handleId, _cursor, signal) {
    waiting.add(handleId);
    yield await untilAborted(signal);
  });
  await vi.waitFor(
    () => {
      expect(keys.every(({ runId }) => waiting.has(runId))).toBe(true);
    },
    { timeout: 20_000 },
  );
  if (process.platform === 'linux') {
    expect(openFilesBelow(join(root, 'logs'))).toEqual([]);
  }
  await followers.stop();
  expect(keys.map((key) => store.logState(key).status)).toEqual(keys.map(() => 'none'));
  for (const key of keys) {
    store.endAttempt(key, 'cancelled', null, null);
    store.deleteJob(key.runId);
  }
});

test('of many ended attempts only a few are fetched at the same time, and all in the end', async () => {
  const keys = Array.from({ length: 40 }, () => acceptedAttempt(store, 'succeeded'));
  let now = 0;
  let most = 0;
  follow(async function* logs(_handleId, cursor) {
    now += 1;
    most = Math.max(most, now);
    await systemClock.sleep(5, new AbortController().signal);
    now -= 1;
    yield* itemsOf([{ stream: stdout, bytes: Buffer.from('done\n') }], cursor, () => 100);
  });
  await untilComplete(...keys);
  expect(most).toBeLessThanOrEqual(8);
  expect(keys.every((key) => existsSync(attemptLogFolder(root, key)))).toBe(true);
});

test('a folder that cannot be written is said on the timeline once, and the log goes on when it can', async () => {
  const key = acceptedAttempt(store, 'succeeded');
  let full = true;
  follow(printing(seededOutput(9, 20_000), [key]), {
    store: {
      onDidChange: store.onDidChange,
      attemptsToFollow: () => store.attemptsToFollow(),
      logChanged: (runId) => {
        store.logChanged(runId);
      },
      addEvent: (runId, event) => {
        store.addEvent(runId, event);
      },
      logState: (of) => store.logState(of),
      recordLog: (of, state, from) => {
        if (full && of.runId === key.runId && state.status !== 'interrupted') {
          throw Object.assign(new Error('write failed'), { code: 'ENOSPC' });
        }
        return store.recordLog(of, state, from);
      },
    },
  });
  const told = (): readonly string[] =>
    store.events(key.runId).flatMap(({ kind, text }) => (kind === 'log' ? [text] : []));
  await vi.waitFor(() => {
    expect(told()).toEqual([expect.stringMatching(/disk is full.*Free some space/u)]);
    expect(store.logState(key).status).toBe('interrupted');
  });
  full = false;
  await untilComplete(key);
  expectSpooled(key, seededOutput(9, 20_000));
  expect(told()).toHaveLength(1);
});
