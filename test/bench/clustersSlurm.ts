import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { Connection, Handle } from '../../src/core/provider.ts';
import type { Finished, ShellScript } from '../../src/providers/slurm/host.ts';
import { LocalHost } from '../../src/providers/slurm/localHost.ts';
import { SshHost } from '../../src/providers/slurm/ssh/sshHost.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { Site } from '../slurm/site.ts';
import { type SshSite, startSshSite } from '../slurm/sshSite.ts';
import { makeTree } from '../slurm/tree.ts';
import { median } from './median.ts';

const submissions = 15;
const watched = 500;
const printing = 10;
const lines = 40;
const never = new AbortController().signal;

/** Counts the commands that the login node is given. */
class CountingSshHost extends SshHost {
  commands = 0;

  override async run(script: ShellScript, signal: AbortSignal): Promise<Finished> {
    this.commands += 1;
    return super.run(script, signal);
  }
}

/** A real Slurm behind a real sshd behind a jump host, all on this machine. */
export async function benchClustersSlurm(): Promise<Record<string, number>> {
  const [site, ssh] = await Promise.all([Site.start(), startSshSite()]);
  try {
    const host = new CountingSshHost({ host: 'login', configFile: ssh.configFile }, testPorts('slurm'));
    const connection = site.open({}, host);
    return {
      'bundle.slurm.bytes': (await stat(join(import.meta.dirname, '..', '..', 'dist', 'providers', 'slurm.js'))).size,
      ...(await submitting(site, connection, ssh)),
      ...(await latency(site, connection)),
      ...(await status(site, connection, host)),
    };
  } finally {
    await site.stop();
    await ssh.dispose();
  }
}

/** From the plan to the job's id, with code that is on the cluster already. Beside it what people type, in turn. */
async function submitting(site: Site, connection: Connection, ssh: SshSite): Promise<Record<string, number>> {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`src/module${index}.py`, `x = ${index}\n`]),
  );
  const tree = await makeTree(files);
  const ours: number[] = [];
  const plain: number[] = [];
  for (let count = -1; count < submissions; count += 1) {
    const began = performance.now();
    const handle = await connection.submit(await site.prepare('true', {}, new Map(), tree.snapshot, connection), never);
    const submitted = performance.now();
    await promisify(execFile)('ssh', [
      ...['-F', ssh.configFile, 'login'],
      `${site.cluster.prologue}; sbatch --parsable --chdir=/tmp --output=/dev/null --wrap true`,
    ]);
    // The first makes the connection and sends the code.
    if (count >= 0) {
      ours.push(submitted - began);
      plain.push(performance.now() - submitted);
    }
    await site.end(handle);
  }
  await tree.dispose();
  return { 'slurm.submit.ms': median(ours), 'slurm.submit.ms.peer.ssh': median(plain) };
}

/** From the moment a line is printed in a job until it is handed out here, with several jobs that print. */
async function latency(site: Site, connection: Connection): Promise<Record<string, number>> {
  const command = `for ((i = 0; i < ${lines}; i++)); do echo "$EPOCHREALTIME"; sleep 0.2; done`;
  const handles = await Promise.all(Array.from({ length: printing }, async () => site.submit(command)));
  const ages: number[] = [];
  await Promise.all(
    handles.map(async (handle) => {
      let rest = '';
      for await (const item of connection.logs(handle, null, never)) {
        const now = Date.now();
        const parts = `${rest}${item.kind === 'bytes' ? Buffer.from(item.bytes).toString() : ''}`.split('\n');
        rest = parts.pop() ?? '';
        ages.push(...parts.map((time) => now - Number(time) * 1000));
      }
    }),
  );
  const sorted = ages.toSorted((a, b) => a - b);
  if (sorted.length !== printing * lines) {
    throw new Error(`${sorted.length} lines of ${printing * lines} came.`);
  }
  return { 'slurm.line.latency.p95.ms': sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN };
}

/** Commands for one question about so many jobs that wait, and how long it takes. */
async function status(site: Site, connection: Connection, host: CountingSshHost): Promise<Record<string, number>> {
  const release = await site.hold();
  const local = site.open({}, new LocalHost());
  const handles: Handle[] = [];
  const work = Array.from({ length: 6 }, async () => {
    while (handles.length < watched) {
      const input = await site.prepare('true');
      handles.push(await local.submit(input, never));
    }
  });
  await Promise.all(work);
  const jobs = handles.slice(0, watched);
  await delay(500);
  host.commands = 0;
  const began = performance.now();
  const seen = await connection.observe(jobs, never);
  const took = performance.now() - began;
  if (seen.size !== watched || [...seen.values()].some(({ state }) => state !== 'queued')) {
    throw new Error(`Only ${seen.size} of ${watched} jobs were seen waiting.`);
  }
  const { commands } = host;
  await site.cluster.run('scancel', ['--user=root']);
  await release();
  return { 'slurm.status.500.commands': commands, 'slurm.status.500.ms': took };
}
