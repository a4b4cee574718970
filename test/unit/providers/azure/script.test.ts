import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text as streamText } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCode, jobScript, type ScriptInput } from '../../../../src/providers/azure/plan/script.ts';
import { makeSnapshot, snapshotGreeting } from '../../../conformance/snapshot.ts';

let root = '';
let code = '';
let results = '';
let snapshotId = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'aloft-azure-script-'));
  code = join(root, 'store with space');
  results = join(root, 'results');
  await mkdir(join(code, 'pieces'), { recursive: true });
  await mkdir(join(code, 'code'));
  await mkdir(join(code, 'secrets'));
  await mkdir(results);
  const { snapshot, dispose } = await makeSnapshot('script');
  for (const piece of snapshot.pieces) {
    await writeFile(join(code, 'pieces', `${piece.sha256}.gz`), gzipSync(await readFile(snapshot.piecePath(piece))));
  }
  await writeFile(join(code, 'code', snapshot.id), snapshot.pieces.map(({ sha256 }) => `${sha256}\n`).join(''));
  snapshotId = snapshot.id;
  await dispose();
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As Azure ML does it: `${{...}}` is replaced, then a shell gets the text, in a folder of its own. */
async function run(
  input: Partial<ScriptInput>,
  env: Readonly<Record<string, string>> = {},
  node = 'n0',
  shell = 'bash',
  during: (child: ChildProcessByStdio<null, Readable, Readable>) => void = () => undefined,
): Promise<Ran> {
  const folder = join(root, node);
  await mkdir(folder, { recursive: true });
  const text = jobScript({
    snapshotId,
    folder: '.',
    setup: null,
    command: 'true',
    nodes: 1,
    outputs: [],
    secrets: null,
    inputs: [],
    dataOutputs: [],
    ...input,
  })
    .replaceAll(/\$\{\{inputs\.(\w+)\}\}/gu, (_, name: string) => (name === 'aloft_code' ? code : `/data/${name}`))
    .replaceAll('${{outputs.aloft_results}}', results);
  expect(text).not.toContain('${{');
  const child = spawn(shell, ['-c', text], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  during(child);
  const [stdout, stderr, [status]] = await Promise.all([
    streamText(child.stdout),
    streamText(child.stderr),
    once(child, 'close'),
  ]);
  return { status: Number(status), stdout, stderr };
}

describe('the command of a job', () => {
  it.each(['bash', 'sh'])('puts the code together and runs set-up and command in it (%s)', async (shell) => {
    const ran = await run(
      { setup: 'export A=1; cd data', command: 'cat greeting.txt; echo "$A $0"; exit 3' },
      {},
      'n0',
      shell,
    );
    expect(ran).toEqual({ status: 3, stdout: `${snapshotGreeting}1 aloft\n`, stderr: '' });
  });

  it('ends when the set-up fails', async () => {
    expect(await run({ setup: 'false', command: 'echo no' })).toMatchObject({ status: 1, stdout: '' });
  });

  it.each([`'`, '"', '`id`', '$(id)', '\\', '\n', '!', '; exit 7', '${{inputs.other}}', '${{', "$''{{x}}"])(
    'hands %j on as it is',
    async (hostile) => {
      await writeFile(join(root, 'expected'), hostile);
      const quoted = hostile.replaceAll(`'`, String.raw`'\''`);
      const ran = await run({ command: `printf %s '${quoted}'` });
      expect(ran).toMatchObject({ status: 0, stdout: hostile });
    },
  );

  it('leaves names of the job’s own data for Azure ML to replace', async () => {
    const ran = await run({ command: "echo ${{inputs.data}} '${{inputs.other}}'", inputs: ['data'] });
    expect(ran.stdout).toBe('/data/data ${{inputs.other}}\n');
  });

  it('says so when a piece is missing, and runs nothing', async () => {
    const [first = ''] = await readdir(join(code, 'pieces'));
    await rm(join(code, 'pieces', first));
    const ran = await run({ command: 'echo ran' });
    expect(ran).toMatchObject({ status: exitCode.damagedCode, stdout: '' });
    expect(ran.stderr).toContain('the code could not be unpacked');
  });

  it('reads secrets from the datastore alone', async () => {
    await writeFile(join(code, 'secrets', 'job'), "export TOKEN='a b'\"'\"'c'\n");
    expect((await run({ command: 'printf %s "$TOKEN"', secrets: 'job' })).stdout).toBe("a b'c");
  });

  it.each(['bash', 'sh'])('says so when the secrets are gone (%s)', async (shell) => {
    const ran = await run({ command: 'echo ran', secrets: 'job' }, {}, 'n0', shell);
    expect(ran).toMatchObject({ status: exitCode.noSecrets, stdout: '' });
    expect(ran.stderr).toContain('the secrets could not be read');
  });

  it.each(['bash', 'sh'])(
    'hands signals on to the program, and waits until it has saved what it has (%s)',
    async (shell) => {
      const program = `trap 'sleep 0.5; echo saved | tee kept; exit 0' TERM; echo ready; while :; do sleep 0.1; done`;
      await writeFile(join(root, 'program.sh'), program);
      const command = `echo first; sh '${join(root, 'program.sh')}'; echo after`;
      const ran = await run({ command, outputs: ['kept'] }, {}, 'n0', shell, (child) => {
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.endsWith('ready\n')) {
            child.kill('SIGTERM');
          }
        });
      });
      expect(ran).toMatchObject({ status: 143, stdout: 'first\nready\nsaved\n' });
      expect(await readFile(join(results, '0', 'kept'), 'utf8')).toBe('saved\n');
    },
  );

  it('keeps what the globs mean, of every rank apart, and follows no links', async () => {
    const command =
      'mkdir -p out/deep && echo 1 > out/a.json && echo 2 > out/deep/b.json && echo 3 > c.txt && ln -s /etc/passwd out/away.json && echo 4 > "out/o\'dd \\$x.json"';
    await run({ command, outputs: ['out/**/*.json', '../up', '/etc/passwd', 'c.{txt,md}'] });
    await run({ command, outputs: ['out'], nodes: 2 }, { NODE_RANK: '1', RANK: '1' }, 'n1');
    const kept = await readdir(results, { recursive: true, withFileTypes: true });
    const files = kept
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(results.length + 1));
    expect(files.toSorted()).toEqual(
      [
        '0/c.txt',
        "0/out/o'dd $x.json",
        '0/out/a.json',
        '0/out/deep/b.json',
        "1/out/o'dd $x.json",
        '1/out/a.json',
        '1/out/deep/b.json',
      ].toSorted(),
    );
  });

  it.each([
    ['of a single node are left to Azure ML, which keeps them by itself', {}, false],
    ['of a folder of the code are copied', { folder: 'part' }, true],
    ['of several nodes are copied, for Azure ML tells them not apart', { nodes: 2 }, true],
  ])('results in ./outputs %s', async (_, more, isCopied) => {
    const command =
      'mkdir -p outputs/deep own && echo 1 > outputs/deep/a && echo 2 > own/outputs && echo 3 > outputs.txt';
    await run({ command, outputs: ['**'], ...more });
    const copied = await readdir(join(results, '0'), { recursive: true });
    expect(copied).toEqual(expect.arrayContaining([join('own', 'outputs'), 'outputs.txt']));
    expect(copied.includes(join('outputs', 'deep', 'a'))).toBe(isCopied);
  });

  it('keeps results of a command that failed as well', async () => {
    expect((await run({ command: 'echo 1 > a; exit 9', outputs: ['a'] })).status).toBe(9);
    expect(await readFile(join(results, '0', 'a'), 'utf8')).toBe('1\n');
  });

  it('names ranks as the other providers do, whoever starts the processes', async () => {
    const command = 'echo "$RANK $WORLD_SIZE $NODE_RANK $NNODES $MASTER_ADDR $MASTER_PORT $JAX_PROCESS_ID"';
    expect((await run({ command })).stdout).toBe('0 1 0 1 localhost 29500 \n');
    const pytorch = { RANK: '1', WORLD_SIZE: '2', NODE_RANK: '1', MASTER_ADDR: '10.0.0.4', MASTER_PORT: '6105' };
    expect((await run({ command, nodes: 2 }, pytorch, 'n1')).stdout).toBe('1 2 1 2 10.0.0.4 6105 1\n');
    const mpi = {
      OMPI_COMM_WORLD_RANK: '3',
      OMPI_COMM_WORLD_SIZE: '4',
      OMPI_COMM_WORLD_LOCAL_RANK: '1',
      OMPI_COMM_WORLD_LOCAL_SIZE: '2',
      AZ_BATCH_MASTER_NODE: '10.0.0.5:6000',
    };
    expect((await run({ command, nodes: 2 }, mpi, 'n2')).stdout).toBe('3 4 1 2 10.0.0.5 29500 3\n');
  });

  it('unpacks once for several processes of a node', async () => {
    const command = 'cat data/greeting.txt';
    const all = await Promise.all(
      [0, 1, 2].map(async (rank) => run({ command }, { RANK: String(rank), LOCAL_RANK: String(rank) })),
    );
    expect(all.map(({ stdout }) => stdout)).toEqual([snapshotGreeting, snapshotGreeting, snapshotGreeting]);
  });

  it('ends as its command does that kills itself, without a word of its own', async () => {
    expect(await run({ command: 'kill -KILL $$' })).toEqual({ status: 137, stdout: '', stderr: '' });
  });
});
