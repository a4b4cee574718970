import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { freePorts } from '../fixtures/freePorts.ts';
import { type ClusterLayout, clusterFiles, databaseFiles, nodes } from './clusterFiles.ts';

export interface ClusterOptions {
  /** With slurmdbd and MariaDB, so that `sacct` answers. */
  readonly accounting?: boolean;
  /** What else it needs is missing, in words; null when nothing is. */
  readonly missing?: string | null;
  /** More lines of slurm.conf; the last one of a kind counts. */
  readonly config?: readonly string[];
}

const programs = ['slurmctld', 'slurmd', 'sbatch', 'munged'];
const accountingPrograms = ['slurmdbd', 'mariadbd', 'mariadb-install-db'];
const startWithinMs = 60_000;

/** Why no cluster can be started here; null when one can. */
export function clusterMissing({ accounting = false, missing: other = null }: ClusterOptions = {}): string | null {
  if (other !== null) {
    return other;
  }
  if (process.getuid?.() !== 0) {
    return 'Slurm of its own needs root';
  }
  const missing = [...programs, ...(accounting ? accountingPrograms : [])].filter((program) => !isInstalled(program));
  return missing.length === 0 ? null : `${missing.join(', ')} cannot be installed here`;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * A real Slurm in a folder and on ports of its own, so that several can run beside each other: controller, two nodes of 8
 * CPUs and 8 H100s that are null devices, partitions `gpu` and `spot` (which `gpu` preempts). While it is there HOME is an empty
 * folder: the start-up files of whoever runs the tests are no part of them.
 */
export class Cluster {
  readonly folder: string;
  /** For programs that talk to it. */
  readonly environment: NodeJS.ProcessEnv;
  /** The same as a line of shell. */
  readonly prologue: string;
  readonly #layout: ClusterLayout;
  readonly #home: string | undefined;
  readonly #daemons = new Map<string, ChildProcess>();
  #stopHurrying = (): void => undefined;

  private constructor(layout: ClusterLayout) {
    this.#layout = layout;
    this.folder = layout.folder;
    this.#home = process.env['HOME'];
    process.env['HOME'] = join(layout.folder, 'home');
    this.environment = { ...process.env, SLURM_CONF: join(layout.folder, 'slurm.conf'), SLURM_TIME_FORMAT: undefined };
    this.prologue = `export SLURM_CONF='${join(layout.folder, 'slurm.conf')}'`;
  }

  /** Resolves when both nodes are idle. Call `stop` in the end, whatever happens. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const [controller = 0, node1 = 0, node2 = 0, accounting = 0, database = 0] = await freePorts(5);
    const cluster = new Cluster({
      folder: mkdtempSync(join(tmpdir(), 'aloft-slurm-')),
      host: hostname().split('.')[0] ?? 'localhost',
      ports: { controller, nodes: [node1, node2], accounting, database },
      accounting: options.accounting ?? false,
      version: Number(/[0-9]+\.[0-9]+/u.exec(execFileSync('slurmd', ['-V'], { encoding: 'utf8' }))?.[0]),
      config: options.config ?? [],
    });
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      const log = cluster.controllerLog().split('\n').slice(-20).join('\n');
      await cluster.stop();
      throw new Error(`The Slurm of the tests did not start.\n${log}`, { cause: error });
    }
  }

  async #start(): Promise<void> {
    process.on('exit', this.#killAll);
    await this.#writeFiles();
    await this.#startMunge();
    if (this.#layout.accounting) {
      await this.#startAccounting();
    }
    this.startController();
    for (const node of nodes) {
      this.startNode(node);
    }
    await this.until(async () => (await this.run('sinfo', ['-h', '-N', '-p', 'gpu', '-o', '%t'])) === 'idle\nidle\n');
    this.#hurry();
  }

  /**
   * Slurm looks at its queue once a second, and at once when a job has ended. So that hundreds of tests need not wait for that second,
   * a job that does nothing is run behind each that is submitted.
   */
  #hurry(): void {
    const log = openSync(join(this.folder, 'log', 'slurmctld.log'), 'r');
    let isRunning = false;
    let isWanted = false;
    const run = (): void => {
      isWanted ||= readAll(log).includes('_slurm_rpc_submit_batch_job');
      if (isWanted && !isRunning) {
        isRunning = true;
        isWanted = false;
        execFile('srun', ['--quiet', '--immediate=1', '--chdir=/', 'true'], { env: this.environment }, () => {
          isRunning = false;
        });
      }
    };
    const timer = setInterval(run, 30);
    this.#stopHurrying = () => {
      clearInterval(timer);
      closeSync(log);
      this.#stopHurrying = () => undefined;
    };
  }

  /** Output of one of Slurm's commands; rejects when it fails. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, [...args], { env: this.environment });
    return stdout;
  }

  /** Asks again until it is so; what throws is not so yet. */
  async until(isSo: () => Promise<boolean>, withinMs = startWithinMs): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      try {
        if (await isSo()) {
          return;
        }
      } catch (error) {
        if (Date.now() > deadline) {
          throw error;
        }
      }
      if (Date.now() > deadline) {
        throw new Error(`It did not become so within ${withinMs / 1000} s.`);
      }
      await delay(50);
    }
  }

  controllerLog(): string {
    try {
      return readFileSync(join(this.folder, 'log', 'slurmctld.log'), 'utf8');
    } catch {
      return '';
    }
  }

  startController(): void {
    this.#daemon('slurmctld', 'slurmctld', ['-D', '-f', join(this.folder, 'slurm.conf')]);
  }

  async stopController(): Promise<void> {
    await this.#kill('slurmctld');
  }

  /** It keeps its connections and answers none, until the returned function is called. */
  pauseController(): () => void {
    const controller = this.#daemons.get('slurmctld');
    controller?.kill('SIGSTOP');
    return () => controller?.kill('SIGCONT');
  }

  startNode(node: string): void {
    this.#daemon(node, 'slurmd', ['-D', '-N', node, '-f', join(this.folder, 'slurm.conf')]);
  }

  /** The node goes dark as if its power were cut: its daemon and whatever runs there. */
  async loseNode(node: string): Promise<void> {
    await this.#kill(node);
    const jobs = this.#strays((environment) => environment.includes(`\0SLURMD_NODENAME=${node}\0`));
    // First those who would tell the controller how the others ended.
    for (const pid of [...jobs.flatMap(stepOf), ...jobs]) {
      killOne(pid);
    }
  }

  /** Ends every process of the cluster, jobs included, and removes its folder. */
  async stop(): Promise<void> {
    process.off('exit', this.#killAll);
    this.#stopHurrying();
    this.#killAll();
    await this.until(async () => {
      this.#killAll();
      return this.#strays().length === 0;
    });
    process.env['HOME'] = this.#home;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  readonly #killAll = (): void => {
    for (const { pid } of this.#daemons.values()) {
      killOne(pid);
    }
    this.#daemons.clear();
    for (const pid of this.#strays()) {
      killOne(pid);
    }
  };

  async #kill(name: string): Promise<void> {
    const daemon = this.#daemons.get(name);
    this.#daemons.delete(name);
    if (daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      const gone = new Promise((resolve) => {
        daemon.once('exit', resolve);
      });
      daemon.kill('SIGKILL');
      await gone;
    }
  }

  /** Processes that outlive the daemons that made them: job steps and what runs in them. They carry our folder with them. */
  #strays(isMeant: (environment: string) => boolean = () => true): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 1 && pid !== process.pid && this.#belongs(pid, isMeant));
  }

  #belongs(pid: number, isMeant: (environment: string) => boolean): boolean {
    try {
      const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
      const own =
        environment.includes(`\0SLURM_CONF=${join(this.folder, 'slurm.conf')}\0`) ||
        readlinkSync(`/proc/${pid}/cwd`).startsWith(this.folder);
      return own && isMeant(environment);
    } catch {
      return false;
    }
  }

  async #writeFiles(): Promise<void> {
    for (const name of ['state', 'spool', 'run', 'log', 'dev', 'munge', 'database', 'home']) {
      mkdirSync(join(this.folder, name));
    }
    for (let device = 0; device < 8; device += 1) {
      execFileSync('mknod', ['-m', '666', join(this.folder, 'dev', `nvidia${device}`), 'c', '1', '3']);
    }
    await writeFile(join(this.folder, 'munge', 'key'), randomBytes(1024), { mode: 0o600 });
    for (const [name, text] of Object.entries(clusterFiles(this.#layout))) {
      await writeFile(join(this.folder, name), text, { mode: 0o600 });
    }
  }

  /** A munged of its own: nothing is shared with the machine or with another cluster. */
  async #startMunge(): Promise<void> {
    const file = (name: string): string => join(this.folder, 'munge', name);
    this.#daemon('munged', 'munged', [
      ...['--force', '--foreground', '--num-threads=2', `--key-file=${file('key')}`, `--socket=${file('socket')}`],
      ...[`--pid-file=${file('pid')}`, `--log-file=${file('log')}`, `--seed-file=${file('seed')}`],
    ]);
    await this.until(async () => {
      await promisify(execFile)('munge', ['-n', `--socket=${file('socket')}`]);
      return true;
    });
  }

  async #startAccounting(): Promise<void> {
    const { folder, ports } = this.#layout;
    const data = join(folder, 'database');
    for (const [name, text] of Object.entries(databaseFiles(this.#layout))) {
      await writeFile(join(folder, name), text, { mode: 0o600 });
    }
    await promisify(execFile)('mariadb-install-db', [
      ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
      ...['--user=root'],
    ]);
    this.#daemon('mariadbd', 'mariadbd', [
      ...['--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${join(folder, 'run', 'mariadb')}`],
      ...['--bind-address=127.0.0.1', `--port=${ports.database}`, `--init-file=${join(folder, 'users.sql')}`],
      ...['--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=0'],
      ...['--innodb-lock-wait-timeout=900'],
    ]);
    await this.until(async () => {
      await promisify(execFile)('mariadb', [
        ...['--no-defaults', '-h', '127.0.0.1', '-P', String(ports.database), '-u', 'slurm', '-pslurm', '-e', ''],
      ]);
      return true;
    });
    this.#daemon('slurmdbd', 'slurmdbd', ['-D']);
    await this.until(async () => (await this.run('sacctmgr', ['-n', 'show', 'cluster'])) !== 'impossible');
    await this.run('sacctmgr', ['-i', 'add', 'cluster', 'aloft']);
    await this.run('sacctmgr', ['-i', 'add', 'account', 'vision', 'Description=vision', 'Organization=lab']);
    await this.run('sacctmgr', ['-i', 'add', 'qos', 'urgent']);
    await this.run('sacctmgr', ['-i', 'modify', 'user', 'root', 'set', 'qos+=urgent']).catch(() => undefined);
    await this.run('sacctmgr', ['-i', 'add', 'user', 'root', 'Account=vision', 'QOS=normal,urgent']);
  }

  #daemon(name: string, program: string, args: readonly string[]): void {
    const output = openSync(join(this.folder, 'log', `${name}.out`), 'a');
    try {
      const child = spawn(program, args, {
        cwd: this.folder,
        env: this.environment,
        stdio: ['ignore', output, output],
      });
      child.on('error', () => undefined);
      this.#daemons.set(name, child);
    } finally {
      closeSync(output);
    }
  }
}

/** The daemon that looks after a process of a job, if it is the parent. */
function stepOf(pid: number): number[] {
  try {
    const parent = Number(/\) \S ([0-9]+)/u.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
    return readFileSync(`/proc/${parent}/comm`, 'utf8').startsWith('slurmstepd') ? [parent] : [];
  } catch {
    return [];
  }
}

/** What was written to a file since it was last read. */
function readAll(file: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  for (let length = buffer.length; length === buffer.length;) {
    length = readSync(file, buffer);
    text += buffer.toString('latin1', 0, length);
  }
  return text;
}

function killOne(pid: number | undefined): void {
  try {
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
    }
  } catch {
    // It ended by itself.
  }
}
