import { chmod, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { SubmitInput } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { never, rejection } from '../conformance/harness.ts';
import { describeWithCluster } from './describeWithCluster.ts';
import { Site } from './site.ts';

/** Everything that is written in a folder, as one text. */
async function contents(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(async (file) => readFile(file, 'utf8')))).join('\n');
}

describeWithCluster('submitting to Slurm', {}, () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.start({ config: ['PartitionName=hidden Nodes=n[1-2] Hidden=YES State=UP PreemptMode=off'] });
  });
  afterAll(async () => site.stop());

  /** What the next sbatch does instead, once; \`$real\` is the true one. */
  const sabotage = async (script: string): Promise<void> => {
    const path = join(site.folder, 'bin', 'sbatch');
    await writeFile(path, `#!/bin/bash\nreal=/usr/bin/sbatch\nrm -f '${path}'\n${script}\n`);
    await chmod(path, 0o755);
  };

  /** As if the time had passed in which what was sent may still arrive. */
  const settle = async ({ key }: SubmitInput): Promise<void> => {
    const run = `${key.runId}.${key.attempt}`;
    await utimes(join(site.root, 'runs', run, 'submitting'), 0, 0).catch(() => undefined);
  };

  it.each([
    ['before sbatch asks Slurm', 'kill -9 0'],
    ['after Slurm has the job', '"$real" "$@" >/dev/null; kill -9 0'],
    ['after sbatch has printed the id', '"$real" "$@"; kill -9 0'],
    ['while sbatch is at it', '"$real" "$@" & sleep 0.005; kill -9 0'],
    ['but for its last part', '"$real" "$@"; kill -9 $PPID'],
  ])('makes one job when the shell dies %s', async (_when, script) => {
    const input = await site.prepare('echo once');
    await sabotage(script);
    expect(await rejection(site.connection.submit(input, never()))).toMatchObject({ tag: 'transient' });
    await site.cluster.until(async () => (await site.jobsOf(input)).length > 0, 1000).catch(() => undefined);
    await settle(input);
    const found = await site.open().find(input.key, never());
    const handle = await site.connection.submit(input, never());
    expect(found ?? handle).toEqual(handle);
    expect(await site.jobsOf(input)).toHaveLength(1);
    expect(await site.end(handle)).toMatchObject({ state: 'succeeded' });
    expect(await site.log(handle)).toEqual({ stdout: 'once\n' });
  });

  it.each(['Socket timed out on send/recv operation', 'Connection reset by peer'])(
    'makes one job of a submission whose answer Slurm never gave: %s',
    async (words) => {
      const input = await site.prepare('echo once');
      await sabotage(
        `"$real" "$@" >/dev/null; echo "sbatch: error: Batch job submission failed: ${words}" >&2; exit 1`,
      );
      expect(await rejection(site.connection.submit(input, never()))).toMatchObject({
        tag: 'transient',
        raw: expect.stringContaining(words),
      });
      const handle = await site.connection.submit(input, never());
      expect(await site.jobsOf(input)).toHaveLength(1);
      await site.end(handle);
    },
  );

  it('looks whether there is a job when sbatch fails with words that nobody knows', async () => {
    const input = await site.prepare('true');
    await sabotage('"$real" "$@" >/dev/null; echo "sbatch: error: Batch job submission failed: Odd" >&2; exit 1');
    const handle = await site.connection.submit(input, never());
    expect(await site.jobsOf(input)).toHaveLength(1);
    await site.end(handle);

    const refused = await site.prepare('true');
    await sabotage('echo "sbatch: error: Name a project" >&2; exit 1');
    const clock = join(site.folder, 'bin', 'stat');
    await writeFile(clock, '#!/bin/sh\ncase $* in *submitting) echo 0 ;; *) exec /usr/bin/stat "$@" ;; esac\n', {
      mode: 0o755,
    });
    const error = await rejection(site.connection.submit(refused, never()));
    await rm(clock);
    expect(error).toMatchObject({ tag: 'invalid', message: expect.stringContaining('Name a project') });
    expect(await site.connection.find(refused.key, never())).toBeNull();
  });

  it('makes one job when the connection is lost while the controller stands still', async () => {
    const input = await site.prepare('true');
    const goOn = site.cluster.pauseController();
    try {
      const lost = new AbortController();
      const first = rejection(site.connection.submit(input, lost.signal));
      await site.cluster.until(async () =>
        (await readdir(join(site.root, 'runs', `${input.key.runId}.1`))).includes('.sbatch'),
      );
      await delay(500);
      lost.abort();
      await first;
      // What is left of a lost connection is ended after 5 s.
      await delay(5500);
      const second = site.open().submit(input, never());
      await delay(500);
      goOn();
      const handle = await second;
      expect(await site.jobsOf(input)).toHaveLength(1);
      await site.end(handle);
    } finally {
      goOn();
    }
  });

  it('finds jobs in a partition that is hidden from whoever is no administrator', async () => {
    const [folder, bin] = [site.cluster.folder, join(site.folder, 'bin')];
    for (const path of [folder, join(folder, 'munge')]) {
      await chmod(path, 0o755);
    }
    await chmod(join(folder, 'slurm.conf'), 0o644);
    for (const program of ['squeue', 'scontrol']) {
      const run = `exec setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/${program}`;
      await writeFile(join(bin, program), `#!/bin/bash\n${run} "\${@/#--me/--user=root}"\n`, { mode: 0o755 });
    }
    const input = await site.prepare('sleep 600', { region: 'hidden' });
    const handle = await site.connection.submit(input, never());
    await site.until(handle, ({ state }) => state === 'running');
    expect(await site.connection.jobOptions?.(never())).toBeDefined();
    await rm(join(site.runFolder(handle), 'jobid'));
    await rm(join(site.runFolder(handle), 'exit'));
    expect(await site.connection.find(input.key, never())).toEqual(handle);
    const offers = await site.connection.offers({}, never());
    expect(offers.map(({ region }) => region)).toContain('hidden');
    await site.connection.cancel(handle, never());
    expect(await site.end(handle)).toMatchObject({ state: 'cancelled' });
    await Promise.all(['squeue', 'scontrol'].map(async (program) => rm(join(bin, program))));
  });

  it('does not submit again while a job that Slurm did not answer for may still come', async () => {
    const input = await site.prepare('echo once');
    await sabotage('echo "sbatch: error: Unable to contact slurm controller (connect failure)" >&2; exit 1');
    expect(await rejection(site.connection.submit(input, never()))).toMatchObject({ tag: 'transient' });
    expect(await rejection(site.connection.submit(input, never()))).toMatchObject({ tag: 'transient' });
    expect(await rejection(site.connection.find(input.key, never()))).toMatchObject({ tag: 'transient' });
    expect(await site.jobsOf(input)).toEqual([]);
  });

  it('finds a waiting job whose id was lost, from Slurm, and a job that ran, from its own record', async () => {
    const release = await site.hold();
    const waiting = await site.submit('true');
    await rm(join(site.runFolder(waiting), 'jobid'));
    const key = { runId: waiting.id.split('.')[0], attempt: 1 } as const;
    expect(await site.open().find(key as never, never())).toEqual(waiting);
    await release();
    await site.end(waiting);
    await rm(join(site.runFolder(waiting), 'jobid'));
    expect(await site.open().find(key as never, never())).toEqual(waiting);
  });

  it('is refused in plain words, and what Slurm keeps of it is taken for no job', async () => {
    const input = await site.prepare('true', { accelerator: { name: 'H100' as never, count: 9 } });
    const error = await rejection(site.connection.submit(input, never()));
    expect(error).toMatchObject({
      tag: 'invalid',
      field: 'accelerator',
      raw: expect.stringContaining('not available'),
    });
    const lines = await site.cluster.run('squeue', ['-h', '-t', 'all', '-o', '%T|%r|%k']);
    expect(lines).toContain(`FAILED|BadConstraints|aloft:${input.key.runId}.1`);
    expect(await site.connection.find(input.key, never())).toBeNull();
    // Even when the note that it was refused got lost.
    await writeFile(join(site.root, 'runs', `${input.key.runId}.1`, 'submitting'), '');
    await settle(input);
    expect(await site.connection.find(input.key, never())).toBeNull();
  });

  it.each([
    ['a partition', { region: 'nowhere' }, 'region'],
    ['a feature', { options: { constraint: 'quantum' } }, 'options.constraint'],
    ['a type of GPU', { accelerator: { name: 'B200' as never, count: 1 } }, 'accelerator'],
  ])('names the field when there is no such thing as %s', async (_what, more, field) => {
    const error = await rejection(site.submit('true', more));
    expect(isProviderError(error), String(error)).toBe(true);
    expect(error).toMatchObject({ tag: 'invalid', field: expect.stringContaining(field) });
  });

  it('says that the controller is down, and works when it is back', async () => {
    const input = await site.prepare('true');
    await site.cluster.stopController();
    await sabotage(
      'timeout 1 "$real" "$@" || { echo "sbatch: error: Unable to contact slurm controller" >&2; exit 1; }',
    );
    try {
      const looking = site.connection.find(input.key, never());
      expect(await looking).toBeNull();
    } finally {
      site.cluster.startController();
    }
    await site.cluster.until(
      async () => (await site.cluster.run('sinfo', ['-h', '-N', '-p', 'gpu', '-o', '%t'])) !== '',
    );
    await rm(join(site.folder, 'bin', 'sbatch'), { force: true });
    const handle = await site.connection.submit(input, never());
    expect((await site.end(handle)).state).toBe('succeeded');
  });

  it('hands secrets to the job, whatever they hold, and writes them nowhere', async () => {
    const secret = `correct 'horse' "battery" $(staple)\nsecond line \\ \`end\` ü\n`;
    const input = await site.prepare(
      'printf %s "$API_TOKEN" | sha256sum; sleep 1',
      { secrets: ['API_TOKEN'] },
      new Map([['API_TOKEN', secret]]),
    );
    expect(input.plan.warnings.join()).toContain('secrets');
    const handle = await site.connection.submit(input, never());
    await site.until(handle, ({ state }) => state === 'running');
    const commandLines = await Promise.all(
      (await readdir('/proc'))
        .filter((name) => /^[0-9]+$/u.test(name))
        .map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    expect(commandLines.join('\n')).not.toContain('staple');
    await site.end(handle);
    const hash = await import('node:crypto').then(({ createHash }) =>
      createHash('sha256').update(secret).digest('hex'),
    );
    expect((await site.log(handle))['stdout']).toContain(hash);
    const written = await contents(site.runFolder(handle));
    expect(written).toContain('API_TOKEN');
    expect(written).not.toContain('staple');
  });

  it('runs whatever was typed, in whatever folder, with whatever in the environment', async () => {
    const command = `printf '%s|' "it's" "a \\"quoted\\" \\$HOME" '$(id)' \`echo tick\`; echo "$ODD"
ALOFT_COMMAND
cat <<'EOF'
#SBATCH --nodes=99
'"\`$(exit)
EOF
pwd`.replace('ALOFT_COMMAND', ': ALOFT_COMMAND');
    const handle = await site.submit(command, {
      name: `'; rm -rf / #"$(id)" ü\u202e名`,
      env: { ODD: `a'b"c\nd $X \\ \`e\`` },
      setup: `export FROM_SETUP='it is "set up"'`,
    });
    expect((await site.end(handle)).state).toBe('succeeded');
    const { stdout } = await site.log(handle);
    expect(stdout).toBe(
      `it's|a "quoted" $HOME|$(id)|tick|a'b"c\nd $X \\ \`e\`\n#SBATCH --nodes=99\n'"\`$(exit)\n${site.runFolder(handle)}/work\n`,
    );
  });

  it('ends a here-document only where the command does', async () => {
    const handle = await site.submit('echo one\nALOFT_COMMAND() { echo two; }\nALOFT_COMMAND\necho three');
    await site.end(handle);
    expect(await site.log(handle)).toEqual({ stdout: 'one\ntwo\nthree\n' });
  });

  it('fails when the set-up does, without running the command', async () => {
    const handle = await site.submit('echo never', { setup: 'echo setting up; false; echo not here' });
    expect(await site.end(handle)).toMatchObject({ state: 'failed', exitCode: 1 });
    expect(await site.log(handle)).toEqual({ stdout: 'setting up\n' });
  });
});
