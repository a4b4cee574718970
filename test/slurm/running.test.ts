import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { LogCursor } from '../../src/core/logChunk.ts';
import type { ShellScript } from '../../src/providers/slurm/host.ts';
import { LocalHost } from '../../src/providers/slurm/localHost.ts';
import { gather, never, rejection } from '../conformance/harness.ts';
import { makeTree } from './tree.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';

/** Counts what is asked of it. */
class CountingHost extends LocalHost {
  runs = 0;
  streams = 0;

  override async run(script: ShellScript, signal: AbortSignal): ReturnType<LocalHost['run']> {
    this.runs += 1;
    return super.run(script, signal);
  }

  override stream(script: ShellScript, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.streams += 1;
    return super.stream(script, signal);
  }
}

describeWithCluster('jobs of a real Slurm', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start();
  });
  afterAll(async () => site.stop());

  it('run on several nodes, each with its rank and its own log', async () => {
    const handle = await site.submit(
      'echo "$RANK $NODE_RANK of $WORLD_SIZE $NNODES at $MASTER_ADDR $((MASTER_PORT > 1024)) $CUDA_VISIBLE_DEVICES $SLURM_PROCID/$SLURM_NTASKS"; cat data/greeting.txt; echo "bad $RANK" >&2',
      { nodes: 2, accelerator: { name: 'H100' as never, count: 2 } },
    );
    const ended = await site.end(handle);
    expect(ended).toMatchObject({ state: 'succeeded', exitCode: 0 });
    expect(ended.nodes.map(({ host, rank }) => [host, rank])).toEqual([
      ['n1', 0],
      ['n2', 1],
    ]);
    const greeting = 'hello from the snapshot\n';
    expect(await site.log(handle)).toEqual({
      stdout: `0 0 of 2 2 at n1 1 0,1 0/2\n${greeting}`,
      'stdout.n1': `1 1 of 2 2 at n1 1 0,1 1/2\n${greeting}`,
      stderr: 'bad 0\n',
      'stderr.n1': 'bad 1\n',
    });
  });

  it('fail on all nodes when one fails', async () => {
    const handle = await site.submit('[ "$RANK" = 0 ] || exit 7; sleep 600', { nodes: 2 });
    expect(await site.end(handle)).toMatchObject({ state: 'failed', exitCode: 7 });
    expect((await site.log(handle))['slurm']).toContain('Exited with exit code 7');
  });

  it('see the accelerators they asked for and no others', async () => {
    const handles = await Promise.all([
      site.submit('echo $CUDA_VISIBLE_DEVICES', { accelerator: { name: 'H100' as never, count: 3 } }),
      site.submit('echo ${CUDA_VISIBLE_DEVICES-none}', { cpus: 2, memoryBytes: 1e9 }),
    ]);
    await Promise.all(handles.map(async (handle) => site.end(handle)));
    expect(await site.log(handles[0] as never)).toEqual({ stdout: '0,1,2\n' });
    expect((await site.log(handles[1] as never))['stdout']).toMatch(/^(?:none|NoDevFiles)?\n$/u);
  });

  it('of an array are one job with tasks, each with its log and its end', async () => {
    const handle = await site.submit('echo "task $SLURM_ARRAY_TASK_ID"; exit $((SLURM_ARRAY_TASK_ID == 4 ? 5 : 0))', {
      options: { array: '0-2,4%2' },
    });
    const ended = await site.end(handle);
    expect(ended).toMatchObject({ state: 'failed', exitCode: 5 });
    expect(ended.tasks).toEqual([
      { index: 0, state: 'succeeded', exitCode: 0 },
      { index: 1, state: 'succeeded', exitCode: 0 },
      { index: 2, state: 'succeeded', exitCode: 0 },
      { index: 4, state: 'failed', exitCode: 5 },
    ]);
    expect(await site.log(handle)).toEqual({
      stdout: 'task 0\n',
      'stdout.t1': 'task 1\n',
      'stdout.t2': 'task 2\n',
      'stdout.t4': 'task 4\n',
    });
    expect(await site.connection.find({ runId: handle.id.slice(0, 26) as never, attempt: 1 }, never())).toEqual(handle);
  });

  it('of an array are cancelled as a whole, those that wait as well', async () => {
    const handle = await site.submit('sleep 600', { options: { array: '0-9%2' } });
    await site.until(handle, ({ state, tasks }) => state === 'running' && tasks.length === 10);
    await site.connection.cancel(handle, never());
    const ended = await site.end(handle);
    expect(ended.state).toBe('cancelled');
    expect(new Set(ended.tasks.map(({ state }) => state))).toEqual(new Set(['cancelled']));
  });

  it('of an array are cancelled also when some have ended, and the wish is known', async () => {
    const handle = await site.submit('[ $SLURM_ARRAY_TASK_ID = 0 ] || sleep 600', { options: { array: '0-1' } });
    await site.until(handle, ({ tasks }) => tasks.some(({ state }) => state === 'succeeded'));
    await site.connection.cancel(handle, never());
    expect(await readdir(site.runFolder(handle))).toContain('cancel');
    expect(await site.end(handle)).toMatchObject({ state: 'cancelled' });
    await site.connection.cancel(handle, never());
  });

  it('are not taken for cancelled when Slurm was not told', async () => {
    const handle = await site.submit('sleep 600');
    await site.begun(handle);
    const scancel = join(site.folder, 'bin', 'scancel');
    await writeFile(scancel, '#!/bin/sh\necho "scancel: error: Unable to contact slurm controller" >&2\nexit 1\n', {
      mode: 0o755,
    });
    expect(await rejection(site.connection.cancel(handle, never()))).toMatchObject({ tag: 'transient' });
    await rm(scancel);
    expect(await site.observe(handle)).toMatchObject({ state: 'running' });
    await site.connection.cancel(handle, never());
    expect(await site.end(handle)).toMatchObject({ state: 'cancelled' });
    await site.connection.cancel(handle, never());
  });

  it('get the variables of the environment as they were set, whatever their names', async () => {
    const env = Object.fromEntries(
      ['name', 'setup', 'command', 'first', 'interpreter', 'run', 'root', 'code', 'id', 'folder'].map((name) => [
        name,
        `my ${name}`,
      ]),
    );
    const secrets = new Map(['output', 'answer', 'secrets', 'queue'].map((name) => [name, `secret ${name}`]));
    const names = [...Object.keys(env), ...secrets.keys()];
    const print = `printenv ${names.join(' ')}`;
    const printed = `${[...Object.values(env), ...secrets.values()].join('\n')}\n`;
    const tree = await makeTree({ 'print.sbatch': `#!/bin/bash\n${print}\n` });
    const more = { env, secrets: [...secrets.keys()] };
    for (const input of [
      await site.prepare(print, { ...more, setup: ':' }, secrets),
      await site.prepare('sbatch print.sbatch', more, secrets, tree.snapshot),
    ]) {
      const handle = await site.connection.submit(input, never());
      await site.end(handle);
      expect(await site.log(handle)).toEqual({ stdout: printed });
    }
    await tree.dispose();
  });

  it.each(['--test-only', '--wait', '--clusters=other', '-M other'])(
    'are refused when the batch script asks for %s',
    async (option) => {
      const tree = await makeTree({ 'odd.sbatch': `#!/bin/bash\n#SBATCH ${option}\ntrue\n` });
      const input = await site.prepare('sbatch odd.sbatch', {}, new Map(), tree.snapshot);
      expect(await rejection(site.connection.submit(input, never()))).toMatchObject({
        tag: 'invalid',
        field: 'command',
      });
      expect(await site.connection.find(input.key, never())).toBeNull();
      expect(await site.jobsOf(input)).toEqual([]);
      await tree.dispose();
    },
  );

  it("keep Slurm's own words in the log when the batch script has files of its own for its output", async () => {
    const tree = await makeTree({
      'own.sbatch':
        '#!/bin/bash\n#SBATCH --error=logs/stderr.%j.log\necho out; echo mine >"$SLURM_SUBMIT_DIR/../logs/stderr.18.log"; sleep 600\n',
    });
    const handle = await site.connection.submit(
      await site.prepare('sbatch own.sbatch', {}, new Map(), tree.snapshot),
      never(),
    );
    const log = join(site.runFolder(handle), 'logs', 'stderr.18.log');
    await site.cluster.until(async () => (await readFile(log, 'utf8')) !== '');
    await site.connection.cancel(handle, never());
    await site.end(handle);
    expect(await site.log(handle)).toMatchObject({ stdout: 'out\n', slurm: expect.stringContaining('CANCELLED AT') });
    const cursors = (await gather(site.connection.logs(handle, null, never()))).map(({ cursor }) => cursor);
    expect(await gather(site.connection.logs(handle, cursors.at(-1) ?? null, never()))).toEqual([]);
    await tree.dispose();
  });

  it('are submitted as they are when the command is sbatch: directives, arguments, interpreter, folder', async () => {
    const tree = await makeTree({
      'jobs/train.sbatch': `#!/usr/bin/env -S bash -eu

#SBATCH --job-name="own name"
# a remark
#SBATCH --gres=gpu:h100:2 --cpus-per-task=2
#SBATCH --output=ignored-%j.txt

#SBATCH --constraint=nvlink
echo "$1|$2|$SLURM_JOB_NAME|$CUDA_VISIBLE_DEVICES|$SLURM_CPUS_PER_TASK|$(basename "$SLURM_SUBMIT_DIR")|$(basename "$PWD")"
#SBATCH --nodes=99
cat helper.txt
false
echo not reached
`,
      'jobs/helper.txt': 'beside it\n',
    });
    const input = await site.prepare(
      `sbatch --time=5 -J 'from the command' --nice=7 train.sbatch 'two words' '$HOME'`,
      { workingDirectory: 'jobs' },
      new Map(),
      tree.snapshot,
    );
    expect(input.plan.text).toContain('sbatch --comment=aloft:');
    const handle = await site.connection.submit(input, never());
    expect(await site.end(handle)).toMatchObject({ state: 'failed', exitCode: 1 });
    expect(await site.log(handle)).toEqual({
      stdout: 'two words|$HOME|from the command|0,1|2|jobs|jobs\nbeside it\n',
    });
    const shown = await site.cluster.run('scontrol', ['-o', 'show', 'job', site.jobId(handle)]);
    expect(shown).toContain('TimeLimit=00:05:00');
    expect(shown).toContain('Features=nvlink');
    expect(shown).toContain('Nice=7');
    expect(await readFile(join(site.runFolder(handle), 'script'), 'utf8')).toContain('not reached');
    await tree.dispose();
  });

  it('say which task of a script with --array printed what', async () => {
    const tree = await makeTree({
      'sweep.sbatch': '#!/bin/bash\n#SBATCH --array=1-2\necho "lr $SLURM_ARRAY_TASK_ID"\n',
    });
    const handle = await site.connection.submit(
      await site.prepare('sbatch sweep.sbatch', {}, new Map(), tree.snapshot),
      never(),
    );
    expect((await site.end(handle)).tasks.map(({ index }) => index)).toEqual([1, 2]);
    const shown = await site.cluster.run('squeue', ['-h', '-t', 'all', '-o', '%F %j']);
    expect(shown).toContain(`${site.jobId(handle)} sweep.sbatch\n`);
    expect(await site.log(handle)).toEqual({ 'stdout.t1': 'lr 1\n', 'stdout.t2': 'lr 2\n' });
    await tree.dispose();
  });

  it.each([
    ['is not there', 'sbatch missing.sbatch', 'batch script'],
    ['is none', 'sbatch data/greeting.txt', 'batch script'],
  ])('are refused when the batch script %s', async (_what, command, words) => {
    const error = await rejection(site.submit(command));
    expect(error).toMatchObject({ tag: 'invalid' });
    expect(String((error as { readonly raw?: string }).raw)).toContain(words);
  });

  it('are asked about with one command, and followed through one channel, however many they are', async () => {
    const host = new CountingHost();
    const connection = site.open({}, host);
    const handles = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => site.submit(`echo "job ${index}"; sleep 3`, {})),
    );
    await connection.observe(handles, never());
    host.runs = 0;
    const many = Array.from({ length: 500 }, (_, index) => handles[index % handles.length] as (typeof handles)[number]);
    expect((await connection.observe(many, never())).size).toBe(handles.length);
    expect(host.runs).toBe(1);
    host.streams = 0;
    const logs = await Promise.all(handles.map(async (handle) => site.log(handle, connection)));
    expect(logs).toEqual(handles.map((_, index) => ({ stdout: `job ${index}\n` })));
    // Those that joined at once share a start; each is read to its end once more.
    expect(host.streams).toBeLessThan(2 * handles.length);
  });

  it('print whatever they like: no line feed, NULs, a line of 60 MB, and all of it arrives', async () => {
    const handle = await site.submit(String.raw`printf 'a\0b\n'; head -c 60000000 /dev/zero | tr '\0' x; printf 'end'`);
    let bytes = 0;
    let first = '';
    let last = '';
    for await (const item of site.connection.logs(handle, null, never())) {
      expect(item.kind).toBe('bytes');
      if (item.kind === 'bytes') {
        const text = Buffer.from(item.bytes).toString('latin1');
        first ||= text.slice(0, 4);
        last = (last + text).slice(-4);
        bytes += item.bytes.length;
      }
    }
    expect({ bytes, first, last }).toEqual({ bytes: 60_000_007, first: 'a\0b\n', last: 'xend' });
  });

  it('whose log is replaced meanwhile say so once, also to who comes back with an old cursor', async () => {
    const handle = await site.submit('echo before; while [ ! -e go ]; do sleep 0.1; done; echo after');
    const log = join(site.runFolder(handle), 'logs', 'stdout.log');
    const seen: string[] = [];
    let cursor: LogCursor | null = null;
    for await (const item of site.connection.logs(handle, null, never())) {
      if (item.kind === 'gap') {
        seen.push('[gap]');
        await writeFile(join(site.runFolder(handle), 'work', 'go'), '');
      } else {
        seen.push(Buffer.from(item.bytes).toString());
        if (cursor === null) {
          cursor = item.cursor;
          await writeFile(`${log}.new`, 'rotated and longer\n');
          await import('node:fs/promises').then(async ({ rename }) => rename(`${log}.new`, log));
        }
      }
    }
    expect(seen.join('')).toBe('before\n[gap]rotated and longer\n');
    const again = await gather(site.connection.logs(handle, cursor, never()));
    expect(again.map(({ kind }) => kind)).toEqual(['gap', 'bytes']);
  });

  it('leave files with hostile names, which are listed and fetched as they are', async () => {
    const handle = await site.submit(
      String.raw`mkdir -p -- '-out/a b' && cd -- '-out' && printf 1 > "it's" && printf 2 > 'a b/line
feed' && printf 3 > '$(id)%s\n;rm' && printf 4 > '-rf' && printf 5 > '*' && ln -s "it's" inside && ln -s /etc/passwd away && ln -s .. up && mkfifo pipe`,
    );
    await site.end(handle);
    const files = await site.connection.outputs(handle, ['-out/**'], never());
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['-out/$(id)%s\\n;rm', 1],
      ['-out/*', 1],
      ['-out/-rf', 1],
      ['-out/a b/line\nfeed', 1],
      ['-out/inside', 1],
      ["-out/it's", 1],
    ]);
    for (const [path, text] of [
      ["-out/it's", '1'],
      ['-out/a b/line\nfeed', '2'],
      ['-out/-rf', '4'],
      ['-out/*', '5'],
      ['-out/inside', '1'],
    ] as const) {
      const chunks = await gather(site.connection.readOutput(handle, path, never()));
      expect(Buffer.concat(chunks).toString(), path).toBe(text);
    }
    for (const path of ['-out/away', '-out/up', '-out/pipe', '-out/up/../../../etc/passwd']) {
      const error = await rejection(gather(site.connection.readOutput(handle, path, never())));
      expect(error).toMatchObject({ name: 'ProviderError' });
    }
  });

  it('leave files whose names are no UTF-8, which are fetched all the same', async () => {
    const handle = await site.submit(
      String.raw`mkdir "$(printf 'd\351p[1]')" && printf 1 >"$(printf 'd\351p[1]/caf\351.txt')" && printf 2 >"$(printf 'same\351')" && printf 3 >"$(printf 'same\350')" && ln -s /etc/passwd "$(printf 'away\351')"`,
    );
    expect(await site.end(handle)).toMatchObject({ state: 'succeeded' });
    const files = await site.connection.outputs(handle, ['*p?1]/**', 'same*', 'away*'], never());
    expect(files.map(({ path }) => path)).toEqual(['d\uFFFDp[1]/caf\uFFFD.txt', 'same\uFFFD']);
    const read = async (path: string) => gather(site.connection.readOutput(handle, path, never()));
    expect(Buffer.concat(await read('d\uFFFDp[1]/caf\uFFFD.txt')).toString()).toBe('1');
    expect(await rejection(read('same\uFFFD'))).toMatchObject({ tag: 'conflict' });
    expect(await rejection(read('away\uFFFD'))).toMatchObject({ tag: 'invalid' });
    expect(await rejection(read('none\uFFFD'))).toMatchObject({ tag: 'notFound' });
  });

  it('cannot lead anybody out of their folder by putting a link in its place', async () => {
    const handle = await site.submit('cd ..; rm folder; ln -s /etc folder; mv work real; ln -s /etc work');
    await site.end(handle);
    expect(await site.connection.outputs(handle, ['**'], never())).toEqual([]);
    const error = await rejection(gather(site.connection.readOutput(handle, 'passwd', never())));
    expect(error).toMatchObject({ tag: 'notFound' });
  });
});
