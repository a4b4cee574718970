import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { eventually, LocalBench, never } from './localRun.ts';

describe('a job on this machine', () => {
  it('runs in its unpacked code and keeps its two streams apart', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'python main.py; echo to-stderr >&2' });
    expect(await bench.text(handle)).toBe('hello\n');
    expect(await bench.text(handle, 'stderr')).toBe('to-stderr\n');
    const observation = await bench.ended(handle);
    expect(observation).toMatchObject({ state: 'succeeded', exitCode: 0, signal: null, reason: null });
    expect(observation.endedAt).toBeGreaterThanOrEqual(observation.startedAt ?? Number.NaN);
  });

  it.each([
    ['exit 42', 42, null, 'exit code 42'],
    ['exit 255', 255, null, 'exit code 255'],
    ['false', 1, null, 'exit code 1'],
    ['kill -SEGV $$', null, 'SIGSEGV', 'ended by SIGSEGV'],
    ['kill -TERM $$', null, 'SIGTERM', 'ended by SIGTERM'],
    ['kill -KILL $$', null, 'SIGKILL', expect.stringContaining('memory')],
    ['python3 -c "import os; os.kill(os.getpid(), 6)"', null, 'SIGABRT', 'ended by SIGABRT'],
  ])('tells how `%s` ended', async (command, exitCode, signal, reason) => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command });
    expect(await bench.ended(handle)).toMatchObject({ state: 'failed', exitCode, signal, reason });
  });

  it('knows how a job ended whose wrapper was killed', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'kill -KILL $PPID; exec sleep 1000' });
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('from outside'),
    });
  });

  it('hands the command to the shell exactly as written', async () => {
    const bench = await LocalBench.open();
    const text = `'"$(echo no)\`echo no\` \\ ; & | * ~ \u00e9 \${HOME}`;
    const { handle } = await bench.submit({
      name: text,
      command: `printf '%s\\n' "$TEXT" 'it'"'"'s'\ncat <<'END'\n$(touch escaped) \`touch escaped\`\nEND\nls\nprintf '%s' "$#$1$0"`,
      env: { TEXT: `${text}\nsecond line` },
    });
    expect(await bench.text(handle)).toBe(
      `${text}\nsecond line\nit's\n$(touch escaped) \`touch escaped\`\nmain.py\n0aloft`,
    );
  });

  it('sets what the job needs in its environment, and lets the user overrule it', async () => {
    const bench = await LocalBench.open();
    vi.stubEnv('VSCODE_PID', '1');
    vi.stubEnv('ELECTRON_RUN_AS_NODE', '1');
    const command = 'echo "$ALOFT_RUN_ID $ALOFT_ATTEMPT $PYTHONUNBUFFERED $MINE"; env | grep -cE "^(VSCODE|ELECTRON)_"';
    const first = await bench.submit({ command, env: { MINE: 'a b' } });
    const second = await bench.submit({ command, env: { PYTHONUNBUFFERED: '0' } });
    vi.unstubAllEnvs();
    expect(await bench.text(first.handle)).toBe(`${first.key.runId} 1 1 a b\n0\n`);
    expect(await bench.text(second.handle)).toBe(`${second.key.runId} 1 0 \n0\n`);
  });

  it('runs the set-up first, in the same shell and folder', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({
      setup: 'export FROM_SETUP=yes; value=local; pwd >here',
      command: 'echo "$FROM_SETUP $value"; test "$(cat here)" = "$(pwd)"; false; echo goes on',
    });
    expect(await bench.text(handle)).toBe('yes local\ngoes on\n');
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
  });

  it.each(['false; true', 'exit 3', 'exit 0'])('fails when its set-up `%s` does not get through', async (setup) => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ setup, command: 'echo must not run' });
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('set-up failed'),
    });
    expect(await bench.text(handle)).toBe('');
  });

  it('runs in its working folder, and only in one that was uploaded', async () => {
    const bench = await LocalBench.open();
    const files = { 'a/b/c.txt': 'deep' };
    const { handle } = await bench.submit({ workingDirectory: 'a/b', command: 'cat c.txt' }, { files });
    expect(await bench.text(handle)).toBe('deep');
    const missing = await bench.submit({ workingDirectory: 'a/none', command: 'true' }, { files });
    expect(await bench.ended(missing.handle)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('working folder "a/none"'),
    });
  });

  it('is given its secrets, which are nowhere on the disk and in no command line', async () => {
    const bench = await LocalBench.open();
    const secret = `s3cret-${bench.folder.slice(-6)}`;
    const { handle } = await bench.submit(
      { command: 'test -n "$TOKEN" && echo there; while [ ! -e stop ]; do sleep 0.05; done', secrets: ['TOKEN'] },
      { secrets: new Map([['TOKEN', secret]]) },
    );
    await bench.until(handle, ({ state }) => state === 'running');
    await eventually(() => readFileSync(join(bench.runFolder(handle), 'stdout.log'), 'utf8') === 'there\n');
    const holding = readdirSync(bench.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(secret));
    expect(holding).toEqual([]);
    expect(execFileSync('ps', ['-axww', '-o', 'args'], { encoding: 'utf8' })).not.toContain(secret);
    await writeFile(join(bench.runFolder(handle), 'work', 'stop'), '');
    expect(await bench.ended(handle)).toMatchObject({ state: 'succeeded' });
  });

  it('is not submitted without the value of a secret', async () => {
    const bench = await LocalBench.open();
    await expect(bench.submit({ command: 'true', secrets: ['TOKEN'] })).rejects.toMatchObject({
      tag: 'invalid',
      field: 'secrets',
    });
    expect(await bench.connection.list(never)).toEqual([]);
  });
});

describe('the Python of a job', () => {
  const which = {
    command: 'command -v python python3; python -c "import sys; print(sys.prefix)"; echo "[$VIRTUAL_ENV]"',
  };

  it('is the chosen virtual environment', async () => {
    const bench = await LocalBench.open();
    const environment = join(bench.folder, 'my env');
    execFileSync('python3', ['-m', 'venv', '--without-pip', environment]);
    const { handle } = await bench.submit(which, { interpreter: join(environment, 'bin', 'python') });
    expect((await bench.text(handle)).split('\n')).toEqual([
      join(environment, 'bin', 'python'),
      join(environment, 'bin', 'python3'),
      environment,
      `[${environment}]`,
      '',
    ]);
  });

  it('answers to both names when only python3 is there', async () => {
    const bench = await LocalBench.open();
    const bin = join(bench.folder, 'only');
    await mkdir(bin);
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    await symlink(python, join(bin, 'python3'));
    const { handle } = await bench.submit({ command: 'python -c "print(40 + 2)"', env: { PATH: bin } });
    expect(await bench.text(handle)).toBe('42\n');
  });

  it('is the chosen one even where its folder holds others', async () => {
    const bench = await LocalBench.open();
    const bin = join(bench.folder, "it's $HOME");
    await mkdir(bin);
    for (const name of ['python', 'python3', 'python3.99']) {
      await writeFile(join(bin, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    }
    const { handle } = await bench.submit(
      { command: 'python "a  b"; python3 c' },
      { interpreter: join(bin, 'python3.99') },
    );
    expect(await bench.text(handle)).toBe('python3.99 a  b\npython3.99 c\n');
  });

  it('fails the job clearly when it is gone', async () => {
    const bench = await LocalBench.open();
    const { handle } = await bench.submit({ command: 'true' }, { interpreter: '/nowhere/bin/python' });
    expect(await bench.ended(handle)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('/nowhere/bin/python'),
    });
  });
});
