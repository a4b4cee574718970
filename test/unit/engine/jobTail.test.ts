import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AttemptKey, ConnectionId, RunId } from '../../../src/core/job.ts';
import { parseJobSpec } from '../../../src/core/jobSpec.ts';
import type { LogCursor } from '../../../src/core/logChunk.ts';
import { type JobStore, openStore } from '../../../src/engine/jobStore.ts';
import { tailJob } from '../../../src/engine/jobTail.ts';
import { attemptLogFolder } from '../../../src/engine/logFolder.ts';
import { LogSpool } from '../../../src/engine/logSpool.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';

const runId = '01ARZ3NDEKTSV4RRFFQ69G5FAV' as RunId;
const connectionId = 'c' as ConnectionId;
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('tailJob', () => {
  let root: string;
  let store: JobStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'aloft-tail-'));
    ({ store } = openStore(root, { clock: systemClock, logger, session: 'test' }));
    const parsed = parseJobSpec({ name: 'job', command: 'true' });
    if (!parsed.ok) {
      throw new Error('the spec is sound');
    }
    store.createJob(
      {
        runId,
        name: 'job',
        spec: parsed.spec,
        sourceFolder: root,
        connectionId,
        providerId: 'p',
        include: [],
        interpreter: null,
      },
      60_000,
    );
  });

  afterEach(async () => {
    store.dispose();
    await rm(root, { recursive: true, force: true });
  });

  async function print(key: AttemptKey, text: string, status: 'following' | 'complete'): Promise<void> {
    const spool = await LogSpool.open({
      key,
      folder: attemptLogFolder(root, key),
      positions: store,
      clock: systemClock,
    });
    const stream = { name: 'stdout', task: 0, node: 0 };
    await spool.append({ kind: 'bytes', stream, bytes: Buffer.from(text), time: null, cursor: 'x' as LogCursor });
    await spool.settle(status);
    await spool.close();
  }

  it('turns to a newer attempt although the log of the older one never became complete, and ends with the job', async () => {
    const observation = {
      nativeState: 'P',
      reason: null,
      startedAt: null,
      endedAt: null,
      exitCode: null,
      signal: null,
    };
    const first = { runId, attempt: 1 };
    store.recordStep(first, 'sending', {});
    store.recordStep(first, 'accepted', { handle: { id: 'h', data: {} } });
    await print(first, 'first attempt\n', 'following');

    const seen: string[] = [];
    for await (const update of tailJob({ store, root, clock: systemClock }, runId, AbortSignal.timeout(20_000))) {
      seen.push(...update.lines.map((line) => line.text));
      if (seen.length === 1 && store.job(runId)?.attempts.length === 1) {
        const members = { nodes: [], tasks: [], native: null };
        store.observe([
          { key: first, observation: { ...observation, ...members, state: 'preempted', observedAt: Date.now() } },
        ]);
        const second = store.addAttempt(runId, connectionId, 'p', 60_000);
        expect(second).toEqual({ runId, attempt: 2 });
        await print({ runId, attempt: 2 }, 'second attempt\n', 'complete');
      }
      if (seen.includes('second attempt')) {
        store.endAttempt({ runId, attempt: 2 }, 'cancelled', null, null);
        store.deleteJob(runId);
      }
    }
    expect(seen).toEqual(['first attempt', 'second attempt']);
    expect(store.job(runId)).toBeUndefined();
  });
});
