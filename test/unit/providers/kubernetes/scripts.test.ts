import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepScript, mainScript, place, unpackScript } from '../../../../src/providers/kubernetes/plan/scripts.ts';

let root = '';
let children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'aloft-pod-'));
  await mkdir(join(root, 'aloft', 'work', 'src'), { recursive: true });
});

afterEach(async () => {
  for (const { pid } of children) {
    try {
      process.kill(-(pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  children = [];
  await rm(root, { recursive: true, force: true });
});

/** The script as in a container whose files are below `root`. */
function start(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const here = (words: string): string => words.replaceAll('/aloft', join(root, 'aloft'));
  const child = spawn('/bin/sh', ['-c', here(script), 'aloft', ...args.map(here)], {
    detached: true,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function run(script: string, args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = start(script, args);
  const [out, err, [code]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code, out, err };
}

async function exists(path: string): Promise<boolean> {
  return stat(join(root, path)).then(
    () => true,
    () => false,
  );
}

describe('mainScript', () => {
  const main = (command: string, setup = '', limit = ''): readonly string[] => [place.work, setup, command, limit];

  it('passes output and exit code on', async () => {
    expect(await run(mainScript, main('echo out; echo err >&2; exit 3'))).toEqual({
      code: 3,
      out: 'out\n',
      err: 'err\n',
    });
  });

  it('runs the set-up once before, in the same shell', async () => {
    expect(await run(mainScript, main('echo "$A $#"', 'A=1'))).toMatchObject({ code: 0, out: '1 0\n' });
    expect(await run(mainScript, main('echo never', 'false'))).toMatchObject({ code: 1, out: '' });
  });

  it('tells a signal that ended the command as 128 + n, where process 1 itself would ignore it', async () => {
    expect((await run(mainScript, main('kill -KILL $$'))).code).toBe(137);
  });

  it('hands SIGTERM on and waits for the command to end as it likes', async () => {
    const child = start(mainScript, main("trap 'echo saving; exit 7' TERM; echo ready; while :; do sleep 0.05; done"));
    const stdout = child.stdout;
    if (stdout === null) {
      throw new Error('There is no output.');
    }
    let out = '';
    stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    await expect.poll(() => out).toContain('ready');
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    expect([code, out]).toEqual([7, 'ready\nsaving\n']);
  });

  it('ends the command at the time limit, and says so', async () => {
    expect((await run(mainScript, main('exec sleep 60', '', '1'))).code).toBe(124);
  });

  it('says that it is alive, and that it has ended', async () => {
    await run(mainScript, main('true'));
    expect(await exists('aloft/control/alive')).toBe(true);
    expect(await exists('aloft/control/ended')).toBe(true);
  });

  it('fails where its folder cannot be entered', async () => {
    expect((await run(mainScript, [`${place.work}/nothing`, '', 'true', ''])).code).toBe(66);
  });
});

describe('keepScript', () => {
  it('lets the pod go when the results were fetched', async () => {
    await mkdir(join(root, 'aloft', 'control'), { recursive: true });
    const ended = once(start(keepScript, ['600']), 'exit');
    await writeFile(join(root, 'aloft', 'control', 'ended'), '');
    await writeFile(join(root, 'aloft', 'control', 'collected'), '');
    expect((await ended)[0]).toBe(0);
  });

  it('lets the pod go when its time is over', async () => {
    await mkdir(join(root, 'aloft', 'control'), { recursive: true });
    await writeFile(join(root, 'aloft', 'control', 'ended'), '');
    expect((await run(keepScript, ['0'])).code).toBe(0);
  });

  it('notices a job that was killed and could not say so', async () => {
    await mkdir(join(root, 'aloft', 'control'), { recursive: true });
    await writeFile(join(root, 'aloft', 'control', 'alive'), '1000\n');
    expect((await run(keepScript, ['0'])).code).toBe(0);
  });
});

describe('mainScript, as process 1', () => {
  it('ends by a signal that comes before the command has begun', async () => {
    const bin = join(root, 'bin');
    await mkdir(bin);
    const slow = `#!/bin/sh\n: > "${root}/asked"\nwhile [ ! -e "${root}/told" ]; do sleep 0.05; done\n`;
    await writeFile(join(bin, 'mkdir'), slow, { mode: 0o755 });
    const child = start(mainScript, [place.work, '', 'echo never', ''], {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    });
    await expect.poll(async () => exists('asked')).toBe(true);
    child.kill('SIGTERM');
    await writeFile(join(root, 'told'), '');
    const [out, [code]] = await Promise.all([child.stdout === null ? '' : text(child.stdout), once(child, 'exit')]);
    expect({ out, code }).toEqual({ out: '', code: 143 });
  });
});

describe('unpackScript', () => {
  const archive = async (folder: string): Promise<void> => {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, 'train.py'), 'print()');
    const tar = spawn('tar', ['-czf', join(root, folder, 'code.tgz'), '-C', root, 'train.py']);
    await once(tar, 'exit');
    const bytes = await readFile(join(root, folder, 'code.tgz'));
    await writeFile(join(root, folder, 'code.sha256'), createHash('sha256').update(bytes).digest('hex'));
  };

  it('takes small code from the Secret', async () => {
    await archive('aloft-code');
    expect(await run(unpackScript, [`${place.work}/deep/er`])).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'aloft/work/train.py'), 'utf8')).toBe('print()');
    expect(await exists('aloft/work/deep/er')).toBe(true);
  });

  it('waits for large code to be sent', async () => {
    const ended = once(start(unpackScript, [place.work]), 'exit');
    await archive('elsewhere');
    await expect.poll(async () => exists('aloft/in')).toBe(true);
    for (const name of ['code.sha256', 'code.tgz']) {
      await writeFile(join(root, 'aloft/in', `.${name}`), await readFile(join(root, 'elsewhere', name)));
      await rename(join(root, 'aloft/in', `.${name}`), join(root, 'aloft/in', name));
    }
    expect((await ended)[0]).toBe(0);
    expect(await exists('aloft/work/train.py')).toBe(true);
    expect(await exists('aloft/in/code.tgz')).toBe(false);
  });

  it('ends by a signal while it waits, as process 1 too', async () => {
    const child = start(unpackScript, [place.work]);
    await expect.poll(async () => exists('aloft/in')).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
  });

  it('refuses code that arrived damaged', async () => {
    await archive('aloft-code');
    await writeFile(join(root, 'aloft-code/code.sha256'), '0'.repeat(64));
    expect(await run(unpackScript, [place.work])).toMatchObject({ code: 65, err: expect.stringContaining('damaged') });
    expect(await exists('aloft/work/train.py')).toBe(false);
  });
});
