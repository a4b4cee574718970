import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunId, SnapshotId } from '../../../src/core/job.ts';
import type { Connection } from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { closedQueue } from '../../emulators/scripted/jobOptions.ts';
import { provider } from '../../emulators/scripted/provider.ts';
import { type Backend, startBackend } from '../../emulators/scripted/startBackend.ts';
import { testPorts } from '../../emulators/scripted/testPorts.ts';
import {
  connectionId,
  connectionsOf,
  newRunId,
  quietLogger,
  specOf,
  workFolder,
} from '../../fixtures/engine/engineParts.ts';
import { never } from '../../fixtures/engine/scriptedParts.ts';

const patience = { timeout: 25_000, interval: 50 };
const member = { task: 0, node: 0 };
const size = { columns: 80, rows: 24 };

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
  await backend.control.setDefaultScript({
    life: [{ state: 'queued', forMs: 0 }, { state: 'running' }],
    ports: { 6006: '<h1>TensorBoard</h1>' },
  });
});

afterAll(async () => {
  await backend.stop();
});

function startEngine(
  others: ReadonlyMap<string, Backend> = new Map(),
  more: Partial<Connection> = {},
): {
  readonly engine: Engine;
  readonly folder: string;
} {
  const folder = workFolder();
  const connections = new Map(
    [...others, ['a', backend] as const].map(([id, { url }]) => [
      id,
      Object.assign(provider.connect({ url }, testPorts(id, folder.path)), more),
    ]),
  );
  const engine = Engine.start({
    root: folder.path,
    clock: systemClock,
    logger: quietLogger,
    connections: connectionsOf(connections),
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    maxFileBytes: () => 1_000_000,
    maySubmit: () => true,
  });
  onTestFinished(async () => {
    await engine.dispose();
    await Promise.all([...connections.values()].map(async (connection) => connection.dispose()));
    folder.remove();
  });
  return { engine, folder: folder.path };
}

async function submitted(): Promise<{ readonly engine: Engine; readonly runId: RunId }> {
  const { engine, folder } = startEngine();
  const runId = newRunId();
  const request = { runId, spec: specOf(), sourceFolder: join(folder, 'source'), include: [], interpreter: null };
  await engine.submit(request, never, { onCreated: () => undefined, onProgress: () => undefined });
  return { engine, runId };
}

async function running(): ReturnType<typeof submitted> {
  const job = await submitted();
  await expect.poll(() => job.engine.store.job(job.runId)?.state, patience).toBe('running');
  return job;
}

describe('a running job', () => {
  it('can be reached by a shell and by a port', async () => {
    const { engine, runId } = await running();
    const shell = await engine.accepted.openShell(runId, member, size, never);
    shell.write(Buffer.from('exit 0\r'));
    let printed = '';
    for await (const bytes of shell.output) {
      printed += Buffer.from(bytes).toString();
    }
    expect(printed).toContain('ada@node-0:~$ exit 0');

    const forwarded = await engine.accepted.forwardPort(runId, member, 6006, never);
    const socket = connect(forwarded.localPort, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    let page = '';
    for await (const chunk of socket) {
      page += String(chunk);
    }
    expect(page).toContain('<h1>TensorBoard</h1>');
    forwarded.close();
    expect(await forwarded.closed).toBeNull();
  });

  it('is left alone when the signal ends what was opened', async () => {
    const { engine, runId } = await running();
    const stop = new AbortController();
    const forwarded = await engine.accepted.forwardPort(runId, member, 6006, stop.signal);
    stop.abort(new Error('stopped by the test'));
    expect(await forwarded.closed).toBeNull();
    expect(engine.store.job(runId)?.state).toBe('running');
  });
});

describe('a job that does not run', () => {
  it('is not reached, and the answer says so', async () => {
    const { engine, runId } = await running();
    for (const { id } of (await backend.control.jobs()).filter(({ key }) => key.runId === runId)) {
      await backend.control.live(id, [{ state: 'succeeded', exitCode: 0 }]);
    }
    await expect.poll(() => engine.store.job(runId)?.state, patience).toBe('succeeded');
    await expect(engine.accepted.openShell(runId, member, size, never)).rejects.toMatchObject({ tag: 'conflict' });
    await expect(engine.accepted.forwardPort(newRunId(), member, 6006, never)).rejects.toMatchObject({
      tag: 'conflict',
    });
  });
});

describe('before a submission', () => {
  it('the backend says what it can be asked for and whether it would take a request, and gets no job', async () => {
    const { engine, folder } = startEngine();
    const before = await backend.control.jobs();
    const options = await engine.preparation.jobOptions(connectionId('a'), never);
    expect(options.map(({ name }) => name)).toEqual(['queue', 'account', 'reservation']);
    const previewOf = async (queue: string) =>
      await engine.preparation.preview(
        {
          runId: newRunId(),
          spec: specOf({ options: { queue }, providers: ['a'] }),
          sourceFolder: join(folder, 'source'),
          include: [],
          interpreter: null,
        },
        never,
      );
    for (const [queue, accepted] of [
      ['batch', true],
      [closedQueue, false],
    ] as const) {
      const { request } = await previewOf(queue);
      expect(request?.connectionId).toBe('a');
      expect(request === null ? null : await engine.preparation.dryRun(request, never)).toMatchObject({ accepted });
    }
    expect(await backend.control.jobs()).toEqual(before);
  });

  it('the code can be put where a job that is made by hand finds it, and no job is made', async () => {
    const { engine, folder } = startEngine();
    await writeFile(join(folder, 'source', 'own.py'), `# ${newRunId()}\n`);
    const before = await backend.control.jobs();
    const { request } = await engine.preparation.preview(
      {
        runId: newRunId(),
        spec: specOf({ providers: ['a'], secrets: ['TOKEN'] }),
        sourceFolder: join(folder, 'source'),
        include: [],
        interpreter: null,
      },
      never,
    );
    if (request === null) {
      throw new Error('nothing was planned');
    }
    expect(request.secrets).toEqual(['TOKEN']);
    expect(engine.preparation.isStaged(request)).toBe(false);
    let sent = 0;
    await engine.preparation.stage(request, never, ({ sentBytes }) => {
      sent = sentBytes;
    });
    expect(sent).toBeGreaterThan(0);
    expect(engine.preparation.isStaged(request)).toBe(true);
    // Another preview of the same files is no other code.
    expect(engine.preparation.isStaged({ ...request })).toBe(true);
    expect(engine.preparation.isStaged({ ...request, connectionId: connectionId('b') })).toBe(false);
    expect(await backend.control.jobs()).toEqual(before);
  });

  it('is refused where its code could not be put for a job that is made by hand, before it is sent', async () => {
    const asked: SnapshotId[] = [];
    const { engine, folder } = startEngine(new Map(), {
      checkByHand: async ({ id }) => {
        asked.push(id);
        throw new ProviderError('unsupported', 'No command can make this job.');
      },
      stage: async () => {
        throw new Error('it was sent');
      },
    });
    const snapshot = await engine.preparation.makeSnapshot(join(folder, 'source'), [], never);
    const check = async (id: string): Promise<void> =>
      engine.preparation.checkByHand(connectionId(id), snapshot.id, never);
    await expect(check('a')).rejects.toMatchObject({ tag: 'unsupported' });
    expect(asked).toEqual([snapshot.id]);
    // What is no longer set up can tell nothing.
    await check('gone');
    const others = startEngine();
    await others.engine.preparation.checkByHand(connectionId('a'), snapshot.id, never);
  });

  it('a place that was chosen is named when it has not what the job asks for', async () => {
    const { engine } = startEngine();
    const spec = specOf({ accelerator: 'H100 x 3', providers: ['a'] });
    await expect(engine.preparation.place(spec, never)).rejects.toThrow('Cloud a does not have 3 H100.');
  });

  it('a cost limit becomes a time limit where there is a price, and is refused where there is none', async () => {
    const { engine } = startEngine();
    const limits = { cost: 0.5 };
    // Without an accelerator this backend costs $0.30 an hour.
    const { info, spec } = await engine.preparation.place(specOf({ limits, providers: ['a'] }), never);
    expect(info.id).toBe('a');
    expect(spec.limits).toEqual({ costUsd: 0.5, waitMs: null, durationMs: 100 * 60_000 });
    await backend.control.setConditions({ offers: [{ accelerator: null, count: 0, region: null }] });
    await expect(engine.preparation.place(specOf({ limits, providers: ['a'] }), never)).rejects.toMatchObject({
      tag: 'unsupported',
      field: 'limits.cost',
    });
    await backend.control.setConditions({ offers: null });
  });

  it('a job with a cost limit goes where there is a price, though another place could start it as soon', async () => {
    const free = await startBackend();
    onTestFinished(async () => free.stop());
    await free.control.setConditions({ offers: [{ accelerator: null, count: 0, region: null, likelihood: 'now' }] });
    const { engine } = startEngine(new Map([['free', free]]));
    expect((await engine.preparation.place(specOf(), never)).info.id).toBe('free');
    expect((await engine.preparation.place(specOf({ limits: { cost: 0.5 } }), never)).info.id).toBe('a');
  });
});
