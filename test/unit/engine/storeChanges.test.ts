import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunId } from '../../../src/core/job.ts';
import type { JobStore } from '../../../src/engine/jobStore.ts';
import { connectionId, newRunId } from '../../fixtures/engine/engineParts.ts';
import { fork, type Fork } from '../../fixtures/store/fork.ts';
import {
  acceptedJob,
  observation,
  storeFolder,
  type StoreFolder,
  unwritable,
} from '../../fixtures/store/storeParts.ts';

let folder: StoreFolder;
let store: JobStore;
const forks: Fork[] = [];

beforeEach(() => {
  folder = storeFolder();
  store = folder.open({ session: 'here' }).store;
});

afterEach(async () => {
  await Promise.all(forks.splice(0).map(async (child) => await child.kill()));
  folder.remove();
});

/** Everything that a listener hears, in order. */
function heard(from: JobStore): { readonly runIds: (readonly RunId[])[]; stop(): void } {
  const runIds: (readonly RunId[])[] = [];
  const subscription = from.onDidChange((change) => {
    runIds.push([...change.runIds]);
  });
  return {
    runIds,
    stop: () => {
      subscription.dispose();
    },
  };
}

async function eventually(holds: () => void): Promise<void> {
  await vi.waitFor(holds, { timeout: 20_000 });
}

describe('own writes', () => {
  test('are told at once, one time per write, with the jobs that differ', () => {
    const a = acceptedJob(store);
    const b = acceptedJob(store);
    const { runIds } = heard(store);
    store.observe([a, b].map((key) => ({ key, observation: observation('running') })));
    expect(runIds).toEqual([[a.runId, b.runId]]);
    store.requestCancel(a.runId);
    store.observeFailed(connectionId('a'), 'no answer');
    store.observe([{ key: a, observation: observation('cancelled') }]);
    store.deleteJob(a.runId);
    expect(runIds.slice(1)).toEqual([[a.runId], [a.runId, b.runId], [a.runId], [a.runId]]);
  });

  test('that change nothing, or are about no job, are not told', () => {
    const key = acceptedJob(store);
    const running = observation('running');
    store.observe([{ key, observation: running }]);
    const { runIds } = heard(store);
    store.observe([{ key, observation: running }]);
    store.observe([{ key, observation: observation('running', { observedAt: running.observedAt + 1 }) }]);
    store.setValue('a', 'b');
    store.acquireLease('x', 1_000);
    store.requestCancel(newRunId());
    expect(runIds).toEqual([]);
  });

  test('that failed are not told, neither then nor later', () => {
    const [a, b] = [acceptedJob(store), acceptedJob(store)];
    const { runId } = a;
    const { runIds } = heard(store);
    const running = observation('running');
    expect(() =>
      store.observe([
        { key: a, observation: running },
        { key: b, observation: { ...running, native: unwritable } },
      ]),
    ).toThrow('cannot be written');
    expect(() => store.deleteJob(runId)).toThrow('has not ended');
    const bad = { at: 0, attempt: 1, kind: 'note', state: null, text: 'x'.repeat(10), native: null } as const;
    expect(() => store.addEvent(newRunId(), bad)).toThrow(/constraint/u);
    store.setValue('a', 'b');
    expect(runIds).toEqual([]);
  });

  test('stay written when a listener fails, and the others hear of them', () => {
    const key = acceptedJob(store);
    store.onDidChange(() => {
      throw new Error('the listener fails');
    });
    const { runIds } = heard(store);
    expect(store.requestCancel(key.runId)).toBe(true);
    expect(runIds).toEqual([[key.runId]]);
  });

  test('are not told to whoever stopped listening', () => {
    const key = acceptedJob(store);
    const listener = heard(store);
    listener.stop();
    store.requestCancel(key.runId);
    expect(listener.runIds).toEqual([]);
  });
});

describe('writes of other windows', () => {
  test('are told with the jobs that differ, deleted ones among them', async () => {
    const other = folder.open({ session: 'there' }).store;
    const before = acceptedJob(store);
    const { runIds } = heard(other);
    const key = acceptedJob(store);
    await eventually(() => {
      expect(runIds.flat()).toEqual([key.runId]);
    });
    store.observe([{ key: before, observation: observation('failed') }]);
    await eventually(() => {
      expect(runIds.flat()).toEqual([key.runId, before.runId]);
    });
    store.deleteJob(before.runId);
    await eventually(() => {
      expect(runIds.flat()).toEqual([key.runId, before.runId, before.runId]);
    });
    expect(other.job(before.runId)).toBeUndefined();
  });

  test('are told across processes, every one of them', async () => {
    const { runIds } = heard(store);
    const children = [fork('writer.ts', [folder.path, '15']), fork('writer.ts', [folder.path, '15'])];
    forks.push(...children);
    const written = (await Promise.all(children.map(async (child) => await child.end()))).flatMap((lines) =>
      lines.slice(1, -1),
    );
    await vi.waitFor(() => {
      expect(new Set(runIds.flat())).toEqual(new Set(written));
    });
  });

  test('are told while the other process lives, soon after it wrote', async () => {
    const { runIds } = heard(store);
    const child = fork('writer.ts', [folder.path, 'forever']);
    forks.push(child);
    const [, first] = await child.lines(2);
    await eventually(() => {
      expect(runIds.flat()).toContain(first);
    });
  });

  test('are not missed when somebody begins to listen again', async () => {
    const other = folder.open({ session: 'there' }).store;
    heard(other).stop();
    acceptedJob(store);
    const { runIds } = heard(other);
    const { runId } = acceptedJob(store);
    await eventually(() => {
      expect(runIds.flat()).toEqual([runId]);
    });
  });
});
