import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';

const isRoot = process.getuid?.() === 0;
const unshareFlags = [
  '--mount',
  '--pid',
  '--uts',
  '--ipc',
  '--fork',
  '--kill-child=KILL',
  '--propagation',
  'private',
  ...(isRoot ? [] : ['--user', '--map-root-user']),
];

/** Why containers cannot run on this machine; null where they can. They need Linux, and the right to make namespaces. */
export function whyNoContainers(): string | null {
  if (process.platform !== 'linux') {
    return 'containers of the emulated cluster need Linux namespaces';
  }
  const made = spawnSync(
    'unshare',
    [...unshareFlags, '--', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt && mount -t proc proc /proc'],
    {
      encoding: 'utf8',
    },
  );
  return made.status === 0 ? null : `this machine lets nobody make namespaces: ${made.stderr || String(made.error)}`;
}

export interface Exit {
  /** 128 + the signal's number where a signal ended it, as the runtimes report it. */
  readonly exitCode: number;
}

export interface ContainerCommand {
  /** Makes the container's file system and then starts the command. */
  readonly setupScript: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A container: processes in namespaces of their own, the first of them PID 1 with all that this means (a signal without a
 * handler does not reach it). They share the machine's network.
 */
export class ContainerProcess {
  /** Resolves when the command runs, or with the runtime's reason why it does not. */
  readonly started: Promise<string | null>;
  /** Resolves when all output was read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #isOver = false;
  #isKilled = false;

  constructor(
    { setupScript, argv, env }: ContainerCommand,
    onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer | null) => void,
  ) {
    this.#child = spawn('unshare', [...unshareFlags, '--', '/bin/sh', '-c', setupScript, 'setup', ...argv], {
      env: { PATH: defaultPath, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    const [, , , report, stdout, stderr] = this.#child.stdio as (Readable | null)[];
    for (const [name, stream] of [['stdout', stdout] as const, ['stderr', stderr] as const]) {
      stream?.on('data', (chunk: Buffer) => onOutput(name, chunk));
      stream?.on('end', () => onOutput(name, null));
    }
    this.started = new Promise((resolve) => {
      let said = '';
      report?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said === 'started') {
          resolve(null);
        }
      });
      report?.on('close', () => resolve(said || 'the sandbox could not be made'));
      report?.on('error', () => undefined);
      this.#child.on('error', (error) => resolve(error.message));
    });
    this.exited = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#isOver = true;
        // `unshare` does not die of a SIGKILL that its child died of: it only fails.
        const by = this.#isKilled ? 'SIGKILL' : signal;
        resolve({ exitCode: by === null ? (code ?? 255) : 128 + (constants.signals[by] ?? 0) });
      };
      this.#child.on('close', finish);
      this.#child.on('error', () => finish(128, null));
    });
  }

  /** The first process of the container as this machine numbers it; null when it is over. */
  get pid(): number | null {
    const outer = this.#child.pid;
    // Once it has ended its number may be another process's.
    const hasEnded = this.#isOver || this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (outer === undefined || hasEnded) {
      return null;
    }
    try {
      const [first] = readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim().split(' ');
      return first === undefined || first === '' ? null : Number(first);
    } catch {
      return null;
    }
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this;
    try {
      if (pid !== null) {
        process.kill(pid, signal);
        this.#isKilled ||= signal === 'SIGKILL';
      } else if (signal === 'SIGKILL') {
        this.#child.kill('SIGKILL');
      }
    } catch {
      // It ended at this moment.
    }
  }
}
