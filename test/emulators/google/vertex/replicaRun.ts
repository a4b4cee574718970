import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ContainerProcess } from '../../containers/containerProcess.ts';
import { prepareSandbox } from '../../containers/sandbox.ts';
import type { Replica } from './environment.ts';
import type { ContainerSpec } from './types.ts';

export interface ReplicaRunInput {
  /** On this machine, for the replica's own files. */
  readonly folder: string;
  readonly replica: Replica;
  readonly replicas: readonly Replica[];
  readonly container: ContainerSpec;
  readonly env: Readonly<Record<string, string>>;
  /** Folders on this machine that stand for the buckets, by name. */
  readonly buckets: ReadonlyMap<string, string>;
  /** null: that stream has ended. */
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer | null) => void;
}

/**
 * Runs one replica: a process that sees this machine's programs, whatever its image is, and the buckets of the project below
 * `/gcs`, as Cloud Storage FUSE shows them.
 */
export function startReplica(input: ReplicaRunInput): ContainerProcess {
  const { folder, replica, replicas, container, env, buckets, onOutput } = input;
  const root = join(folder, replica.name, 'root');
  const hostsFile = join(folder, replica.name, 'hosts');
  mkdirSync(dirname(hostsFile), { recursive: true });
  const hosts = ['127.0.0.1\tlocalhost', ...replicas.map(({ address, host }) => `${address}\t${host}`)];
  writeFileSync(hostsFile, `${hosts.join('\n')}\n`);
  const setupScript = prepareSandbox({
    root,
    hostname: replica.host,
    hostsFile,
    mounts: [...buckets].map(([name, source]) => ({ source, isFile: false, mount: { mountPath: `/gcs/${name}` } })),
    workingDir: '/',
    user: null,
  });
  const argv = [...container.command, ...container.args];
  return new ContainerProcess({ setupScript, argv: argv.length === 0 ? ['true'] : argv, env }, onOutput);
}
