import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, isRunning, LocalBench, never } from './localRun.ts';

/** Python that starts `count` children which start one each, notes all pids in `pids` and waits. */
const family = (prelude: string): string => `
import os, signal, sys, time
${prelude}
def note():
    with open('pids', 'a') as f:
        f.write(f'{os.getpid()}\\n')
note()
for _ in range(3):
    if os.fork() == 0:
        note()
        if os.fork() == 0:
            note()
        time.sleep(1000)
        os._exit(0)
while open('pids').read().count('\\n') < 7:
    time.sleep(0.01)
open('ready', 'w').close()
`;

async function pidsOf(bench: LocalBench, handle: { readonly id: string }): Promise<number[]> {
  const work = join(bench.root, 'runs', handle.id, 'work');
  await eventually(async () =>
    readFile(join(work, 'ready')).then(
      () => true,
      () => false,
    ),
  );
  return readFileSync(join(work, 'pids'), 'utf8').trim().split('\n').map(Number);
}

describe('cancelling a job', () => {
  it('ends it with everything it started', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit(
      { command: 'python main.py' },
      { files: { 'main.py': `${family('')}time.sleep(1000)\n` } },
    );
    const pids = await pidsOf(bench, handle);
    expect(pids.filter(isRunning)).toHaveLength(7);
    await bench.connection.cancel(handle, never);
    expect(await bench.ended(handle)).toMatchObject({ state: 'cancelled', signal: 'SIGTERM', reason: 'cancelled' });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('kills what ignores SIGTERM once the grace is over', async () => {
    const bench = await LocalBench.open({ graceSeconds: 0.3 });
    const { handle } = await bench.submit(
      { command: 'exec python main.py' },
      { files: { 'main.py': `${family('signal.signal(signal.SIGTERM, signal.SIG_IGN)')}time.sleep(1000)\n` } },
    );
    const pids = await pidsOf(bench, handle);
    await bench.connection.cancel(handle, never);
    expect(await bench.ended(handle)).toMatchObject({ state: 'cancelled', signal: 'SIGKILL' });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('lets a job save its work and keep its own exit code', async () => {
    const bench = await LocalBench.open({ graceSeconds: 30 });
    const { handle } = await bench.submit({
      command: `trap 'echo saved; exit 7' TERM; touch ready; while :; do sleep 0.05; done`,
    });
    await eventually(async () =>
      readFile(join(bench.runFolder(handle), 'work/ready')).then(
        () => true,
        () => false,
      ),
    );
    await bench.connection.cancel(handle, never);
    expect(await bench.ended(handle)).toMatchObject({ state: 'cancelled', exitCode: 7 });
    expect(await bench.text(handle)).toBe('saved\n');
  });

  it.runIf(process.platform === 'linux')('finds what made a session of its own', async () => {
    const bench = await LocalBench.open({ graceSeconds: 0.3 });
    const { handle } = await bench.submit({
      command: `setsid sh -c 'trap "" TERM; echo $$ >pids; touch ready; while :; do sleep 1; done' & sleep 1000`,
    });
    const [escaped = 0] = await pidsOf(bench, handle);
    expect(isRunning(escaped)).toBe(true);
    await bench.connection.cancel(handle, never);
    expect(await bench.ended(handle)).toMatchObject({ state: 'cancelled' });
    expect(isRunning(escaped)).toBe(false);
  });

  it('keeps one that waits from ever starting', async () => {
    const bench = await LocalBench.open({ slots: 1 });
    const first = await bench.submit({ command: 'sleep 1000' });
    const waiting = await bench.submit({ command: 'echo must not run' });
    expect(await bench.observe(waiting.handle)).toMatchObject({ state: 'queued', reason: 'waits for a free slot' });
    await bench.connection.cancel(waiting.handle, never);
    expect(await bench.observe(waiting.handle)).toMatchObject({ state: 'cancelled', startedAt: null });
    await bench.connection.cancel(first.handle, never);
    await bench.ended(first.handle);
    expect(await bench.log(waiting.handle)).toEqual([]);
  });

  it('comes to one clear end at whatever moment it is asked', async () => {
    const bench = await LocalBench.open({ slots: 8, graceSeconds: 0.3 });
    for (let delay = 0; delay < 60; delay += 6) {
      const { handle } = await bench.submit({ command: 'sleep 0.03; echo done' });
      await new Promise((resolve) => setTimeout(resolve, delay));
      await bench.connection.cancel(handle, never);
      await bench.connection.cancel(handle, never);
      const { state, exitCode } = await bench.ended(handle);
      expect(state === 'cancelled' || (state === 'succeeded' && exitCode === 0)).toBe(true);
      expect((await bench.observe(handle)).state).toBe(state);
    }
  });

  it('says that a run is not there', async () => {
    const bench = await LocalBench.open();
    await expect(
      bench.connection.cancel({ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV.1', data: {} }, never),
    ).rejects.toMatchObject({ tag: 'notFound' });
  });
});

describe('the end of a job', () => {
  it('ends what its main process left behind', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit(
      { command: 'python main.py' },
      { files: { 'main.py': `${family('')}os._exit(5)\n` } },
    );
    const pids = await pidsOf(bench, handle);
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', exitCode: 5 });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('comes when its time is over', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: 'sleep 1000',
      limits: { durationMs: 300, waitMs: null, costUsd: null },
    });
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      signal: 'SIGTERM',
      reason: 'stopped after its limit of 300ms',
    });
  });

  it('comes without a start when it waited too long', async () => {
    const bench = await LocalBench.open({ slots: 1 });
    await bench.submit({ command: 'sleep 1000' });
    const { handle } = await bench.submit({
      command: 'true',
      limits: { durationMs: null, waitMs: 200, costUsd: null },
    });
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      startedAt: null,
      reason: 'gave up after waiting 200ms for its turn',
    });
  });

  it('lets its folder go, and only then', async () => {
    const bench = await LocalBench.open();
    const { handle, key } = await bench.submit({ command: 'while [ ! -e stop ]; do sleep 0.05; done' });
    await bench.until(handle, ({ state }) => state === 'running');
    await expect(bench.connection.remove(handle, never)).rejects.toMatchObject({ tag: 'conflict' });
    await writeFile(join(bench.runFolder(handle), 'work', 'stop'), '');
    await bench.ended(handle);
    await bench.connection.remove(handle, never);
    await bench.connection.remove(handle, never);
    expect(await bench.connection.find(key, never)).toBeNull();
    expect((await bench.connection.observe([handle], never)).size).toBe(0);
  });
});
