import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { JobSpec } from '../../src/core/jobSpec.ts';
import type { LogItem } from '../../src/core/logChunk.ts';
import { streamText } from '../../src/core/logChunk.ts';
import type { Connection, Handle, JsonObject, SubmitInput } from '../../src/core/provider.ts';
import type { Observation } from '../../src/core/provider.ts';
import { SlurmConnection } from '../../src/providers/slurm/connection.ts';
import { jobOf } from '../../src/providers/slurm/handle.ts';
import type { SlurmHost } from '../../src/providers/slurm/host.ts';
import { LocalHost } from '../../src/providers/slurm/localHost.ts';
import { parseSettings } from '../../src/providers/slurm/settings.ts';
import { never, newKey, specFor } from '../conformance/harness.ts';
import { type MadeSnapshot, makeSnapshot } from '../conformance/snapshot.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';

/** A cluster and somebody who submits to it. */
export class Site {
  readonly cluster: Cluster;
  /** A folder of the test's own, below which the folder for runs is. */
  readonly folder: string;
  /** The folder for runs. Its name has to be quoted everywhere, and Slurm reads a pattern into it where it may. */
  readonly root: string;
  readonly settings: JsonObject;
  readonly connection: Connection;
  readonly #snapshot: MadeSnapshot;
  readonly #connections: Connection[] = [];

  private constructor(cluster: Cluster, folder: string, settings: JsonObject, snapshot: MadeSnapshot) {
    this.cluster = cluster;
    this.folder = folder;
    this.root = join(folder, "it's %j the $HOME; `root`");
    this.settings = { root: this.root, ...settings };
    this.#snapshot = snapshot;
    this.connection = this.open();
  }

  static async start(options: ClusterOptions = {}, settings: JsonObject = {}): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), 'aloft-site-'));
    await mkdir(join(folder, 'bin'));
    const cluster = await Cluster.start(options);
    return new Site(
      cluster,
      folder,
      {
        // What is in bin goes before Slurm's own commands.
        prologue: `${cluster.prologue}; PATH='${join(folder, 'bin')}':$PATH`,
        spotPartition: 'spot',
        ...settings,
      },
      await makeSnapshot('site'),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map(async (connection) => connection.dispose()));
    await this.cluster.stop();
    await this.#snapshot.dispose();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  open(more: JsonObject = {}, host: SlurmHost = new LocalHost()): Connection {
    const connection = new SlurmConnection(parseSettings({ ...this.settings, ...more }), host, testPorts('slurm'));
    this.#connections.push(connection);
    return connection;
  }

  async prepare(
    command: string,
    more: Partial<JobSpec> = {},
    secrets: ReadonlyMap<string, string> = new Map(),
    snapshot = this.#snapshot.snapshot,
    connection = this.connection,
  ): Promise<SubmitInput> {
    const key = newKey();
    const plan = connection.plan({
      spec: specFor(command, more),
      key,
      snapshotId: snapshot.id,
      interpreter: null,
    });
    const staged = await connection.stage(snapshot, never(), () => undefined);
    return { plan, key, staged, secrets };
  }

  async submit(command: string, more: Partial<JobSpec> = {}): Promise<Handle> {
    return this.connection.submit(await this.prepare(command, more), never());
  }

  /** The run folder of an attempt. */
  runFolder(handle: Handle): string {
    return dirname(this.connection.codeFolder?.(handle) ?? '');
  }

  jobId(handle: Handle): string {
    return jobOf(handle).jobId;
  }

  async observe(handle: Handle): Promise<Observation> {
    const observation = (await this.connection.observe([handle], never())).get(handle.id);
    if (observation === undefined) {
      throw new Error(`${handle.id} is not known.`);
    }
    return observation;
  }

  /** Observes until it is true of the job. */
  async until(handle: Handle, isReached: (observation: Observation) => boolean): Promise<Observation> {
    let last: Observation | undefined;
    try {
      await this.cluster.until(async () => {
        last = await this.observe(handle);
        return isReached(last);
      });
    } catch (error) {
      throw new Error(`It was last seen as ${JSON.stringify(last)}`, { cause: error });
    }
    return last ?? (await this.observe(handle));
  }

  /** Waits until the job's own script has begun. */
  async begun(handle: Handle): Promise<void> {
    await this.cluster.until(async () =>
      (await readFile(join(this.runFolder(handle), 'exit'), 'utf8')).includes('running'),
    );
  }

  /** Lets a job run again that was put back into the queue, without Slurm's two minutes; at once nodes would refuse it. */
  async runAgain(handle: Handle): Promise<void> {
    await this.cluster.until(async () => {
      await this.cluster.run('scontrol', ['update', `JobId=${this.jobId(handle)}`, 'StartTime=now+3']);
      return true;
    });
    await this.until(handle, ({ state }) => state !== 'preempted' && state !== 'queued');
  }

  async end(handle: Handle): Promise<Observation> {
    return this.until(handle, ({ state, endedAt }) => endedAt !== null || (state !== 'unknown' && ends.has(state)));
  }

  /** What a job has printed by its end, by stream; where something is missing stands \`[gap]\`. */
  async log(handle: Handle, connection = this.connection): Promise<Readonly<Record<string, string>>> {
    const chunks = new Map<string, Buffer[]>();
    for await (const item of connection.logs(handle, null, never())) {
      const name = item.stream === null ? 'all' : streamText(item.stream);
      chunks.set(name, [...(chunks.get(name) ?? []), bytesOf(item)]);
    }
    return Object.fromEntries([...chunks].map(([name, pieces]) => [name, Buffer.concat(pieces).toString()]));
  }

  /** Jobs in the queue, or just ended, that work in the run folder of a key: how many Slurm really has. */
  async jobsOf(input: SubmitInput): Promise<readonly string[]> {
    const lines = await this.cluster.run('squeue', ['-h', '-t', 'all', '-o', '%F|%T|%r|%k']);
    const comment = `aloft:${input.key.runId}.${input.key.attempt}`;
    return lines
      .split('\n')
      .filter((line) => line.endsWith(`|${comment}`) && !line.includes('|FAILED|BadConstraints|'));
  }

  /** Lets nothing start until the returned function is called. */
  async hold(partition = 'gpu'): Promise<() => Promise<void>> {
    const set = async (state: string): Promise<void> => {
      await this.cluster.run('scontrol', ['update', `PartitionName=${partition}`, `State=${state}`]);
    };
    await set('DOWN');
    return async () => set('UP');
  }
}

const ends = new Set(['succeeded', 'failed', 'cancelled']);

function bytesOf(item: LogItem): Buffer {
  return item.kind === 'bytes' ? Buffer.from(item.bytes) : Buffer.from('[gap]');
}
