import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunId, SnapshotId } from '../../../../src/core/job.ts';
import type { JobSpec } from '../../../../src/core/jobSpec.ts';
import { objectOf, placesOf } from '../../../../src/providers/google/paths.ts';
import { jobScript } from '../../../../src/providers/google/plan/script.ts';
import { secretsScript } from '../../../../src/providers/google/submit/secrets.ts';
import { specFor } from '../../../conformance/harness.ts';

const run = promisify(execFile);
const key = { runId: '01J9ZZZZZZZZZZZZZZZZZZZZZZ' as RunId, attempt: 1 };
const snapshotId = 'snap' as SnapshotId;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aloft-google-script-'));
  const aloft = join(folder, 'aloft');
  await mkdir(join(aloft, 'code'), { recursive: true });
  await mkdir(join(aloft, 'pieces'), { recursive: true });
  await mkdir(join(folder, 'tree', 'data'), { recursive: true });
  await writeFile(join(folder, 'tree', 'data', 'greeting.txt'), 'hello\n');
  // One archive in two pieces, without the blocks that end it.
  await run('sh', ['-c', `cd "$1/tree" && tar -cf "$1/all.tar" data`, 'sh', folder]);
  const archive = (await readFile(join(folder, 'all.tar'))).subarray(0, 512 * 3);
  await writeFile(join(aloft, 'pieces', 'a.gz'), gzipSync(archive.subarray(0, 512)));
  await writeFile(join(aloft, 'pieces', 'b.gz'), gzipSync(archive.subarray(512)));
  await writeFile(join(aloft, 'code', snapshotId), 'a\nb\n');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the script as a replica would, with its bucket and its working folder in a temporary one. */
async function replica(
  command: string,
  more: Partial<JobSpec> = {},
  env: Readonly<Record<string, string>> = {},
  change: (script: string) => string = (script) => script,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const places = placesOf(key);
  const secrets = more.secrets === undefined ? null : objectOf.secrets(key);
  const script = jobScript({ spec: specFor(command, more), snapshotId, bucket: 'lab', places, secrets })
    .replaceAll('/gcs/lab/', `${folder}/`)
    .replaceAll(places.work, join(folder, 'work'));
  return run('sh', ['-c', change(script)], { env: { PATH: process.env['PATH'], ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}

describe('the script of a replica', () => {
  it('unpacks the code, runs the command as it was written and ends as it does', async () => {
    expect(await replica('cat data/greeting.txt; exit 3')).toMatchObject({ code: 3, stdout: 'hello\n' });
    const hostile = `echo "it's $((1+1)) $(echo sub) \\$HOME" 'a"b' \`echo tick\``;
    expect((await replica(hostile)).stdout).toBe(`it's 2 sub $HOME a"b tick\n`);
    expect(await replica('kill -KILL $$')).toMatchObject({ code: 137 });
  });

  it('runs set-up in the same shell first, and fails with it', async () => {
    expect(await replica('echo $X', { setup: 'X=set' })).toMatchObject({ code: 0, stdout: 'set\n' });
    expect(await replica('echo no', { setup: 'false' })).toMatchObject({ code: 1, stdout: '' });
  });

  it('says what it lacks', async () => {
    await rm(join(folder, 'aloft', 'pieces', 'b.gz'));
    expect(await replica('true')).toMatchObject({ code: 212, stderr: expect.stringContaining('unpacked') });
    await rm(join(folder, 'aloft', 'code', snapshotId));
    expect(await replica('true')).toMatchObject({ code: 211, stderr: expect.stringContaining('objectUser') });
    expect(await replica('true', { secrets: ['TOKEN'] })).toMatchObject({ code: 211 });
  });

  it('knows its rank from the cluster spec of Vertex AI', async () => {
    const cluster = {
      cluster: { workerpool0: ['cmle-training-workerpool0-x-0:2222'], workerpool1: ['a-0:2222', 'a-1:2222'] },
      environment: 'cloud',
      task: { type: 'workerpool1', index: 1, trial: 't' },
      job: '{"a":{"type":"x"}}',
    };
    const show = 'echo $NODE_RANK $RANK $NNODES $WORLD_SIZE $MASTER_ADDR $JAX_PROCESS_ID';
    const env = { CLUSTER_SPEC: JSON.stringify(cluster) };
    expect((await replica(show, { nodes: 3 }, env)).stdout).toBe('2 2 3 3 cmle-training-workerpool0-x-0 2\n');
    expect((await replica(show)).stdout).toBe('0 0 1 1 localhost\n');
    expect((await replica('echo $NODE_RANK', {}, { TPU_WORKER_ID: '3' })).stdout).toBe('3\n');
  });

  it('leaves the results that match in the bucket, and no links', async () => {
    const command = `mkdir -p out/deep && echo a > out/deep/a.txt && echo b > "b c.json" && echo n > no.txt && ln -s /etc/passwd out/passwd; exit 4`;
    expect(await replica(command, { outputs: ['out/**', '*.json'] })).toMatchObject({ code: 4 });
    const results = join(folder, 'aloft', 'runs', `${key.runId}.1`, 'results');
    const { stdout } = await run('find', [results, '-type', 'f', '-printf', '%P\n']);
    expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(['b c.json', 'out/deep/a.txt']);
  });

  it('leaves the variables of the person alone, and is not led astray by them', async () => {
    const names =
      'results wanted task code pieces work folder status index pool shell command setup secrets child file piece me rest';
    const own = names.split(' ');
    const env = Object.fromEntries(own.map((name) => [name, `my ${name}`]));
    const command = `mkdir -p out && echo x > out/a.txt; printf '%s;' ${own.map((name) => `"$${name}"`).join(' ')}; exit 3`;
    const file = join(folder, 'aloft', 'runs', `${key.runId}.1`, 'secrets.sh');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, secretsScript(['status'], new Map([['status', 'secret status']])) ?? '');
    const more = { outputs: ['out/**'], setup: 'export X=1', secrets: ['status'] };
    const { code, stdout } = await replica(command, more, env);
    expect(code).toBe(3);
    expect(stdout).toBe(own.map((name) => (name === 'status' ? 'secret status;' : `my ${name};`)).join(''));
    expect(await readFile(join(folder, 'aloft', 'runs', `${key.runId}.1`, 'results', 'out', 'a.txt'), 'utf8')).toBe(
      'x\n',
    );
  });

  it('leaves all results whatever a pattern looks like', async () => {
    const command = 'mkdir out; for name in "[run-1].txt" "a]" plain.txt; do echo x > "out/$name"; done';
    expect(await replica(command, { outputs: ['out/[run-1].txt', 'out/[[:alpha:]]', '*/plain.txt'] })).toMatchObject({
      code: 0,
    });
    const results = join(folder, 'aloft', 'runs', `${key.runId}.1`, 'results', 'out');
    expect((await readdir(results)).toSorted()).toEqual(['[run-1].txt', 'a]', 'plain.txt']);
  });

  it('fails with a code of its own when results cannot be left though the program succeeded', async () => {
    const runFolder = join(folder, 'aloft', 'runs', `${key.runId}.1`);
    await mkdir(runFolder, { recursive: true });
    // A file where the folder of the results has to be.
    await writeFile(join(runFolder, 'results'), '');
    const outputs = ['*.txt'];
    expect(await replica('echo x > a.txt', { outputs })).toMatchObject({
      code: 215,
      stderr: expect.stringContaining('a.txt could not be saved'),
    });
    expect(await replica('echo x > a.txt; exit 5', { outputs })).toMatchObject({ code: 5 });
    expect(await replica('true', { outputs: ['*.none'] })).toMatchObject({ code: 0 });
  });

  it('waits on the first node until the others have left their results', async () => {
    const cluster = { workerpool0: ['a-0:2222'], workerpool1: ['b-0:2222'] };
    const node = async (pool: number, command: string): ReturnType<typeof replica> =>
      replica(
        command,
        { nodes: 2, outputs: ['*.txt'] },
        {
          CLUSTER_SPEC: JSON.stringify({
            cluster,
            environment: 'cloud',
            task: { type: `workerpool${pool}`, index: 0 },
          }),
        },
      );
    const runFolder = join(folder, 'aloft', 'runs', `${key.runId}.1`);
    const first = node(0, 'echo 0 > r.txt');
    await expect
      .poll(async () => readdir(join(runFolder, 'results')).catch(() => []), { timeout: 10_000 })
      .toEqual(['r.txt']);
    expect(await node(1, 'echo 1 > r.txt')).toMatchObject({ code: 0 });
    expect(await first).toMatchObject({ code: 0, stderr: expect.stringContaining('waiting for the results') });
    expect(await readFile(join(runFolder, 'results', 'node1', 'r.txt'), 'utf8')).toBe('1\n');
    // One that failed ends the job at once.
    await rm(join(runFolder, 'saved'), { recursive: true });
    expect(await node(0, 'exit 4')).toMatchObject({ code: 4, stderr: '' });
  });

  it('does not wait on the first node for results that cannot come', async () => {
    const first = async (): ReturnType<typeof replica> =>
      replica(
        'true',
        { nodes: 3, outputs: ['*.txt'] },
        {
          CLUSTER_SPEC: JSON.stringify({
            cluster: { workerpool0: ['a-0:2222'], workerpool1: ['b-0:2222', 'b-1:2222'] },
            environment: 'cloud',
            task: { type: 'workerpool0', index: 0 },
          }),
        },
        (script) => script.replace('aloft_most=60\n', 'aloft_most=1\n').replace('aloft_most=300;', 'aloft_most=2;'),
      );
    const saved = join(folder, 'aloft', 'runs', `${key.runId}.1`, 'saved');
    await mkdir(saved, { recursive: true });
    // The command of the first goes on, and that of the second has ended.
    await writeFile(join(saved, 'node2.ended'), '');
    expect(await first()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/node 1 has not .* within 1 s\n.*node 2 has not .* within 2 s\n/su),
    });
    // Nothing can be written there.
    await rm(saved, { recursive: true });
    await writeFile(saved, '');
    const { code, stderr } = await first();
    expect(code).toBe(0);
    expect(stderr).not.toContain('waiting');
  });

  it('hands secrets over whatever they hold, and removes them at the end', async () => {
    const value = `it's $(touch ${folder}/attacked) "x"\n\`y\` \\`;
    const file = join(folder, 'aloft', 'runs', `${key.runId}.1`, 'secrets.sh');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, secretsScript(['TOKEN'], new Map([['TOKEN', value]])) ?? '');
    expect((await replica('printf %s "$TOKEN"', { secrets: ['TOKEN'] })).stdout).toBe(value);
    await expect(readFile(join(folder, 'attacked'))).rejects.toThrow('ENOENT');
    await expect(readFile(file)).rejects.toThrow('ENOENT');
    expect(await replica('true', { secrets: ['TOKEN'] })).toMatchObject({ code: 214 });
    expect(() => secretsScript(['TOKEN'], new Map())).toThrow(expect.objectContaining({ field: 'secrets' }));
  });
});
