import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { keyText } from '../../../../src/core/job.ts';
import {
  baseSpec,
  eventually,
  isRunning,
  LocalBench,
  never,
  newRunId,
  snapshotOf,
  supervisorPath,
} from './localRun.ts';

// Many processes are started here, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const untilStopped = 'echo started; while [ ! -e stop ]; do sleep 0.05; done';

async function stop(bench: LocalBench, handle: { readonly id: string }): Promise<void> {
  await writeFile(join(bench.root, 'runs', handle.id, 'work', 'stop'), '');
}

describe('a supervisor that is killed', () => {
  it('leaves the job running, and the next one knows how it ended', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: `${untilStopped}; echo end; exit 9` });
    await bench.until(handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    expect(await bench.observe(handle)).toMatchObject({ state: 'running' });
    await stop(bench, handle);
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', exitCode: 9 });
    expect(await bench.text(handle)).toBe('started\nend\n');
  });

  it('does not take the exit status of a job that ends meanwhile with it', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: `${untilStopped}; kill -USR1 $$` });
    await bench.until(handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    await stop(bench, handle);
    await eventually(
      async () => !(await readFile(join(bench.runFolder(handle), 'exit'), 'utf8')).startsWith('unknown'),
    );
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', signal: 'SIGUSR1' });
  });

  it('loses no job that waits', async () => {
    const bench = await LocalBench.open({ slots: 1 });
    const first = await bench.submit({ command: untilStopped });
    const waiting = await bench.submit({ command: 'echo my turn' });
    await bench.until(first.handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    expect(await bench.observe(waiting.handle)).toMatchObject({ state: 'queued' });
    await stop(bench, first.handle);
    expect(await bench.ended(waiting.handle)).toMatchObject({ state: 'succeeded' });
    expect(await bench.ended(first.handle)).toMatchObject({ state: 'succeeded' });
    expect(await bench.text(waiting.handle)).toBe('my turn\n');
  });

  it('does not end cancels and limits: the next one keeps them', async () => {
    const bench = await LocalBench.open({ graceSeconds: 0.3 });
    const limited = await bench.submit({
      command: 'sleep 1000',
      limits: { durationMs: 1500, waitMs: null, costUsd: null },
    });
    const cancelled = await bench.submit({ command: 'trap "" TERM; sleep 1000; sleep 1000' });
    await bench.until(limited.handle, ({ state }) => state === 'running');
    await bench.until(cancelled.handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    await bench.connection.cancel(cancelled.handle, never);
    await bench.killSupervisor();
    expect(await bench.ended(cancelled.handle)).toMatchObject({ state: 'cancelled' });
    expect(await bench.ended(limited.handle)).toMatchObject({
      state: 'failed',
      reason: 'stopped after its limit of 1s500ms',
    });
  });

  it('takes the secrets with it, and the job says so instead of running without them', async () => {
    const bench = await LocalBench.open({ slots: 1 });
    const first = await bench.submit({ command: untilStopped });
    const secrets = new Map([['TOKEN', 'x']]);
    const waiting = await bench.submit({ command: 'echo must not run', secrets: ['TOKEN'] }, { secrets });
    await bench.until(first.handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    expect(await bench.ended(waiting.handle)).toMatchObject({
      state: 'failed',
      reason: 'its secrets were lost when the supervisor died; submit again',
    });
    expect(await bench.log(waiting.handle)).toEqual([]);
    await stop(bench, first.handle);
  });

  it('before the command began starts it once, and only once', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: `echo once >>once; ${untilStopped}` });
    for (let kills = 0; kills < 6; kills += 1) {
      await bench.observe(handle);
      await new Promise((resolve) => setTimeout(resolve, kills * 7));
      await bench.killSupervisor();
    }
    await bench.until(handle, ({ state }) => state === 'running');
    await eventually(() => existsSync(join(bench.runFolder(handle), 'work', 'once')));
    await stop(bench, handle);
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
    expect(await bench.text(handle)).toBe('started\n');
    expect(await readFile(join(bench.runFolder(handle), 'work', 'once'), 'utf8')).toBe('once\n');
  });
});

describe('a supervisor that takes up what it finds', () => {
  it('says that the machine was restarted', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: untilStopped });
    await bench.until(handle, ({ state }) => state === 'running');
    await bench.killSupervisor();
    await stop(bench, handle);
    const path = join(bench.runFolder(handle), 'state.json');
    const state: unknown = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...Object(state), bootId: 'an earlier boot' }));
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      exitCode: null,
      reason: 'the machine was restarted while the job ran',
    });
  });

  it('does not mistake a recycled pid for the job, nor touch who has it now', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'kill -KILL $PPID; sleep 1000' });
    await bench.ended(handle);
    const path = join(bench.runFolder(handle), 'state.json');
    const bystander = execFile('sleep', ['1000']);
    try {
      await bench.killSupervisor();
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
      const stale = { pid: bystander.pid, startedAt: '1' };
      const state = {
        phase: 'running',
        submittedAt: 1,
        startedAt: 2,
        bootId,
        process: stale,
        devices: [],
        stopping: null,
      };
      await writeFile(path, JSON.stringify(state));
      expect(await bench.ended(handle)).toMatchObject({ state: 'failed' });
      expect(isRunning(bystander.pid ?? 0)).toBe(true);
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('is not stopped by a folder that is damaged', async () => {
    const bench = await LocalBench.open();
    const damaged = await bench.submit({ command: 'true' });
    await bench.ended(damaged.handle);
    await bench.killSupervisor();
    await writeFile(join(bench.runFolder(damaged.handle), 'state.json'), '{"phase":');
    await mkdir(join(bench.root, 'runs', `${newRunId()}.1`));
    const { handle } = await bench.submit({ command: 'true' });
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
    expect(await bench.observe(damaged.handle)).toMatchObject({ state: 'unknown' });
  });
});

describe('several windows', () => {
  it('make one job of one key, however many submit it at once', async () => {
    const bench = await LocalBench.open();
    const key = { runId: newRunId(), attempt: 1 };
    const command = `echo "$ALOFT_RUN_ID" >>'${join(bench.folder, 'ran')}'`;
    const results = await Promise.all(Array.from({ length: 8 }, () => bench.submit({ command }, { key })));
    expect(new Set(results.map(({ handle }) => handle.id)).size).toBe(1);
    const [{ handle }] = [results[0] ?? expect.fail()];
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
    expect(await readFile(join(bench.folder, 'ran'), 'utf8')).toBe(`${key.runId}\n`);
    expect(await bench.connection.find(key, never)).toEqual(handle);
    expect(await bench.connection.find({ ...key, attempt: 2 }, never)).toBeNull();
    expect((await bench.connection.list(never)).map((found) => keyText(found.key))).toEqual([keyText(key)]);
    expect(await readdir(join(bench.root, 'scratch'))).toEqual([]);
  });

  it('of several processes share one supervisor', async () => {
    const bench = await LocalBench.open();
    const snapshot = await snapshotOf(bench.folder, { 'main.py': '' });
    const ids = Array.from({ length: 4 }, newRunId);
    const script = join(bench.folder, 'submit.mjs');
    await writeFile(
      script,
      `import { provider } from ${JSON.stringify(join(supervisorPath, '../../index.ts'))};
       const [settings, spec, runId, snapshotId, path, bytes] = JSON.parse(process.argv[2]);
       const connection = provider.connect(settings, { connectionId: 'local', clock: { now: () => Date.now() } });
       const signal = new AbortController().signal;
       const key = { runId, attempt: 1 };
       const plan = connection.plan({ spec, key, snapshotId, interpreter: null });
       const snapshot = { id: snapshotId, files: 1, bytes, pieces: [{ sha256: snapshotId, bytes }], piecePath: () => path };
       const staged = await connection.stage(snapshot, signal, () => {});
       console.log((await connection.submit({ plan, key, staged, secrets: new Map() }, signal)).id);`,
    );
    const spec = { ...baseSpec, command: 'echo "$PPID"; ps -o ppid= -p "$PPID"' };
    const piece = snapshot.pieces[0] ?? expect.fail();
    const settings = { root: bench.root, supervisorPath, slots: 2, graceSeconds: 1 };
    const outputs = await Promise.all(
      ids.map((runId) =>
        promisify(execFile)(process.execPath, [
          script,
          JSON.stringify([settings, spec, runId, snapshot.id, snapshot.piecePath(piece), piece.bytes]),
        ]),
      ),
    );
    const handles = outputs.map(({ stdout }) => ({ id: stdout.trim(), data: {} }));
    expect(handles.map(({ id }) => id)).toEqual(ids.map((id) => `${id}.1`));
    const supervisor = await bench.supervisorPid();
    for (const handle of handles) {
      expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
      expect(Number((await bench.text(handle)).split('\n')[1])).toBe(supervisor);
    }
  });
});

describe('the queue', () => {
  it('runs two hundred jobs to their end, in order, two at a time', async () => {
    const bench = await LocalBench.open({ slots: 2 });
    const log = join(bench.folder, 'log');
    const handles: { readonly id: string; readonly data: {} }[] = [];
    const gate = join(bench.folder, 'gate');
    const first = [0, 1].map(() => bench.submit({ command: `while [ ! -e '${gate}' ]; do sleep 0.05; done` }));
    await Promise.all(first);
    for (let index = 0; index < 200; index += 1) {
      handles.push(
        (await bench.submit({ command: `echo '+${index}' >>'${log}'; echo '-${index}' >>'${log}'` })).handle,
      );
    }
    const queued = await bench.connection.observe(handles, never);
    expect([...queued.values()].every(({ state }) => state === 'queued')).toBe(true);
    await expect(readdir(join(bench.runFolder(handles[199] ?? expect.fail()), 'work'))).rejects.toThrow('ENOENT');
    await writeFile(gate, '');
    for (const handle of handles) {
      expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
    }
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    // When a job starts, all earlier ones have ended but the one that holds the other slot.
    const ended = new Set<number>();
    for (const line of lines) {
      const index = Number(line.slice(1));
      if (line.startsWith('-')) {
        ended.add(index);
      } else {
        expect(index - [...ended].filter((other) => other < index).length, line).toBeLessThanOrEqual(1);
      }
    }
    let running = 0;
    expect(lines.every((line) => (running += line.startsWith('+') ? 1 : -1) <= 2)).toBe(true);
    expect(lines).toHaveLength(400);
  });
});
