import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseJobSpec } from '../../../../src/core/jobSpec.ts';
import { provider } from '../../../../src/providers/local/index.ts';
import {
  baseSpec,
  benchPorts,
  eventually,
  isSnapshotId,
  LocalBench,
  never,
  newRunId,
  snapshotOf,
  supervisorPath,
} from './localRun.ts';

describe('the connection', () => {
  it('says who runs jobs', async () => {
    const bench = await LocalBench.open();
    expect((await bench.connection.identity(never)).account).toContain(`${userInfo().username} on `);
  });

  it('plans exactly what it sends, and keeps a spec for later', async () => {
    const bench = await LocalBench.open();
    const { handle, key } = await bench.submit(
      { name: 'planned', command: 'true', secrets: ['A'] },
      { secrets: new Map([['A', 'hidden']]) },
    );
    const sent = await readFile(join(bench.runFolder(handle), 'request.json'), 'utf8');
    const snapshot = await snapshotOf(bench.folder, { 'main.py': 'print("hello")\n' });
    const spec = { ...baseSpec, name: 'planned', secrets: ['A'] };
    expect(bench.connection.plan({ spec, key, snapshotId: snapshot.id, interpreter: null }).text).toBe(sent);
    const [found] = await bench.connection.list(never);
    expect(found).toMatchObject({ key, handle, name: 'planned' });
    expect(parseJobSpec(found?.spec)).toEqual({ ok: true, spec });
    await bench.ended(handle);
  });

  it.each([
    ['image', { image: 'pytorch' }, 'unsupported'],
    ['nodes', { nodes: 2 }, 'unsupported'],
    ['spot', { spot: true }, 'unsupported'],
    ['region', { region: 'europe' }, 'unsupported'],
    ['workingDirectory', { workingDirectory: '../up' }, 'invalid'],
    ['workingDirectory', { workingDirectory: '/etc' }, 'invalid'],
    ['env', { env: { 'A=B': '' } }, 'invalid'],
    ['secrets', { secrets: ['A B'] }, 'invalid'],
    ['command', { command: 'echo \0' }, 'invalid'],
    ['outputs', { outputs: ['out/../../*'] }, 'invalid'],
  ])('refuses a spec whose %s it cannot honour', async (field, part, tag) => {
    const bench = await LocalBench.open();
    const snapshotId = 'a'.repeat(64);
    const input = { spec: { ...baseSpec, ...part }, key: { runId: newRunId(), attempt: 1 } };
    expect(() =>
      bench.connection.plan({
        ...input,
        snapshotId: isSnapshotId(snapshotId) ? snapshotId : expect.fail(),
        interpreter: null,
      }),
    ).toThrow(expect.objectContaining({ name: 'ProviderError', tag, field }));
  });

  it('stages code once', async () => {
    const bench = await LocalBench.open();
    const snapshot = await snapshotOf(bench.folder, { 'main.py': '' });
    const progress: number[] = [];
    await bench.connection.stage(snapshot, never, ({ sentBytes }) => progress.push(sentBytes));
    const again = { ...snapshot, piecePath: () => '/nowhere' };
    await bench.connection.stage(again, never, ({ sentBytes }) => progress.push(sentBytes));
    expect(progress).toEqual([snapshot.bytes, snapshot.bytes]);
  });

  it('notices code that is not what it should be, and code that is gone', async () => {
    const bench = await LocalBench.open();
    const snapshot = await snapshotOf(bench.folder, { 'main.py': '' });
    const [piece] = snapshot.pieces;
    await writeFile(snapshot.piecePath(piece ?? expect.fail()), 'other');
    await expect(bench.connection.stage(snapshot, never, () => undefined)).rejects.toMatchObject({ tag: 'invalid' });
    const key = { runId: newRunId(), attempt: 1 };
    const plan = bench.connection.plan({ spec: baseSpec, key, snapshotId: snapshot.id, interpreter: null });
    await expect(
      bench.connection.submit({ plan, key, staged: { snapshotId: snapshot.id }, secrets: new Map() }, never),
    ).rejects.toMatchObject({ tag: 'notFound' });
    expect(await bench.connection.find(key, never)).toBeNull();
  });

  it('says which setting is wrong', () => {
    expect(() => provider.connect({ root: '/x', supervisorPath, slots: 0 }, benchPorts)).toThrow(
      expect.objectContaining({ tag: 'invalid', field: 'slots' }),
    );
  });

  it('says when its supervisor cannot be started', async () => {
    const bench = await LocalBench.open();
    const broken = bench.another({ nodePath: '/nowhere/node' });
    const snapshot = await snapshotOf(bench.folder, { 'main.py': '' });
    await broken.stage(snapshot, never, () => undefined);
    const key = { runId: newRunId(), attempt: 1 };
    const plan = broken.plan({ spec: baseSpec, key, snapshotId: snapshot.id, interpreter: null });
    await expect(broken.submit({ plan, key, staged: {}, secrets: new Map() }, never)).rejects.toMatchObject({
      tag: 'invalid',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('refuses every call on Windows, and says what is missing', async () => {
    const { platform } = process;
    onTestFinished(() => {
      Object.defineProperty(process, 'platform', { value: platform });
    });
    Object.defineProperty(process, 'platform', { value: 'win32' });
    const connection = provider.connect({ root: '/x', supervisorPath }, benchPorts);
    const missing = { tag: 'unsupported', remedy: expect.stringContaining('WSL') };
    await expect(connection.offers({}, never)).rejects.toMatchObject(missing);
    await expect(connection.observe([], never)).rejects.toMatchObject(missing);
    const items = connection.logs({ id: 'x', data: {} }, null, never)[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject(missing);
  });
});

describe('results', () => {
  it('are the files that match, and nothing outside the folder', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      command: `mkdir -p out/deep 'na me'; echo 1 >out/a.txt; echo 22 >out/deep/b.bin; echo x >'na me/[x].txt'; echo no >other
        ln -s /etc/passwd out/leak; ln -s ../.. out/up; ln -s a.txt out/alias`,
    });
    await bench.ended(handle);
    const paths = async (...globs: string[]): Promise<string[]> =>
      (await bench.connection.outputs(handle, globs, never)).map(({ path }) => path);
    expect(await paths('out/**')).toEqual(['out/a.txt', 'out/alias', 'out/deep/b.bin']);
    expect(await paths('out')).toEqual(['out/a.txt', 'out/alias', 'out/deep/b.bin']);
    expect(await paths('*/*.txt', '**/*.bin', 'none*')).toEqual(['na me/[x].txt', 'out/a.txt', 'out/deep/b.bin']);
    expect(await paths('../../*', '/etc/*', '{..,out}/../../*')).toEqual([]);
    const read = async (path: string): Promise<string> =>
      (await buffer(bench.connection.readOutput(handle, path, never))).toString();
    expect(await read('out/deep/b.bin')).toBe('22\n');
    await expect(read('out/leak')).rejects.toMatchObject({ tag: 'invalid' });
    await expect(read('out/up/request.json')).rejects.toMatchObject({ tag: 'invalid' });
    await expect(read('../state.json')).rejects.toMatchObject({ tag: 'invalid' });
    await expect(read('out/none')).rejects.toMatchObject({ tag: 'notFound' });
    await expect(read('out')).rejects.toMatchObject({ tag: 'notFound' });
  });

  it('are relative to the working folder', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit(
      { workingDirectory: 'sub', command: 'echo r >result' },
      { files: { 'sub/x': '' } },
    );
    await bench.ended(handle);
    expect((await bench.connection.outputs(handle, ['*'], never)).map(({ path }) => path)).toEqual(['result', 'x']);
  });

  it('do not follow a run folder that was replaced by a link', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'true' });
    await bench.ended(handle);
    await mkdir(join(bench.folder, 'elsewhere'));
    await symlink(join(bench.folder, 'elsewhere'), join(bench.runFolder(handle), 'work', 'door'));
    await writeFile(join(bench.folder, 'elsewhere', 'file'), 'x');
    expect((await bench.connection.outputs(handle, ['door/*', '**/file'], never)).map(({ path }) => path)).toEqual([]);
  });
});

describe('pushed observations', () => {
  it('tell every step as it comes, also over the death of a supervisor, and end with the signal', async () => {
    const bench = await LocalBench.open();
    const abort = new AbortController();
    const pushes = bench.connection.watch?.(abort.signal)[Symbol.asyncIterator]() ?? expect.fail();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { handleId, observation } of { [Symbol.asyncIterator]: () => pushes }) {
        seen.push(`${handleId} ${observation.state}`);
      }
    })();
    // Pushes are a hint on top of polling: what changes while nobody listens is not pushed later.
    const untilPushed = async (): Promise<void> => {
      await eventually(async () => {
        const { handle } = await bench.submit({ command: 'true' });
        await bench.ended(handle);
        return seen.includes(`${handle.id} running`) && seen.includes(`${handle.id} succeeded`);
      });
    };
    await untilPushed();
    await bench.killSupervisor();
    await untilPushed();
    abort.abort();
    await expect(watching).rejects.toBe(abort.signal.reason);
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });
});
