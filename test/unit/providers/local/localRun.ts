import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { expect, onTestFinished } from 'vitest';
import type { AttemptKey, RunId, SnapshotId } from '../../../../src/core/job.ts';
import { isRunId } from '../../../../src/core/job.ts';
import type { JobSpec } from '../../../../src/core/jobSpec.ts';
import type { LogItem } from '../../../../src/core/logChunk.ts';
import type { ProviderPorts } from '../../../../src/core/ports.ts';
import type { Connection, Handle, JsonObject, Observation, Snapshot } from '../../../../src/core/provider.ts';
import { provider } from '../../../../src/providers/local/index.ts';
import { hasEnded, specFor } from '../../../conformance/harness.ts';
import { nobody } from '../../../fixtures/ask.ts';

export const never = new AbortController().signal;

export const supervisorPath = resolve(import.meta.dirname, '../../../../src/providers/local/supervisor/main.ts');

export const baseSpec = specFor('true', { name: 'a job' });

function brand<T extends string>(text: string, is: (value: unknown) => value is T): T {
  if (!is(text)) {
    throw new Error(`not what it should be: ${text}`);
  }
  return text;
}

export function isSnapshotId(value: unknown): value is SnapshotId {
  return typeof value === 'string';
}

let minted = 0;

/** Ids in rising order, none twice. */
export function newRunId(): RunId {
  minted += 1;
  const suffix = (Date.now() * 1000 + minted)
    .toString(32)
    .toUpperCase()
    .replaceAll(/[ILOU]/gu, 'X')
    .padStart(12, '0');
  return brand(`01${suffix.padStart(24, '0')}`, isRunId);
}

/** A snapshot with one piece; `tar` is the archive without its two closing blocks. */
export async function snapshotOf(
  folder: string,
  files: Readonly<Record<string, string>> | Uint8Array,
): Promise<Snapshot> {
  const bytes = files instanceof Uint8Array ? files : await tarOf(files);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(folder, `${sha256}.piece`);
  await writeFile(path, bytes);
  return {
    id: brand(sha256, isSnapshotId),
    files: 1,
    bytes: bytes.length,
    pieces: [{ sha256, bytes: bytes.length }],
    piecePath: () => path,
  };
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) {
    archive.entry({ name, mtime: new Date(0) }, text);
  }
  archive.finalize();
  const whole = await buffer(archive);
  return whole.subarray(0, whole.length - 1024);
}

export interface Submission {
  readonly key: AttemptKey;
  readonly handle: Handle;
}

/** A root folder of its own, a connection to it and what tests do with them. Everything is gone after the test. */
export class LocalBench {
  readonly folder: string;
  readonly root: string;
  readonly connection: Connection;

  private constructor(folder: string, root: string, settings: JsonObject) {
    this.folder = folder;
    this.root = root;
    this.connection = provider.connect({ root, supervisorPath, slots: 2, graceSeconds: 1, ...settings }, benchPorts);
  }

  static async open(settings: JsonObject = {}, root?: string): Promise<LocalBench> {
    const folder = await mkdtemp(join(tmpdir(), 'aloft-local-'));
    const bench = new LocalBench(folder, root ?? join(folder, 'root'), settings);
    onTestFinished(async () => {
      await bench.#clear();
    });
    return bench;
  }

  /** A second connection to the same root, as another window would have. */
  another(settings: JsonObject = {}): Connection {
    return provider.connect({ root: this.root, supervisorPath, slots: 2, graceSeconds: 1, ...settings }, benchPorts);
  }

  async submit(
    spec: Partial<JobSpec>,
    options: {
      readonly files?: Readonly<Record<string, string>> | Uint8Array;
      readonly secrets?: ReadonlyMap<string, string>;
      readonly key?: AttemptKey;
      readonly interpreter?: string;
    } = {},
  ): Promise<Submission> {
    const key = options.key ?? { runId: newRunId(), attempt: 1 };
    const snapshot = await snapshotOf(this.folder, options.files ?? { 'main.py': 'print("hello")\n' });
    const plan = this.connection.plan({
      spec: { ...baseSpec, ...spec },
      key,
      snapshotId: snapshot.id,
      interpreter: options.interpreter ?? null,
    });
    const staged = await this.connection.stage(snapshot, never, () => undefined);
    const handle = await this.connection.submit({ plan, key, staged, secrets: options.secrets ?? new Map() }, never);
    return { key, handle };
  }

  async observe(handle: Handle): Promise<Observation> {
    const observation = (await this.connection.observe([handle], never)).get(handle.id);
    if (observation === undefined) {
      throw new Error(`${handle.id} is not known`);
    }
    return observation;
  }

  async until(handle: Handle, condition: (observation: Observation) => boolean): Promise<Observation> {
    for (;;) {
      const observation = await this.observe(handle);
      if (condition(observation)) {
        return observation;
      }
      expect(!hasEnded(observation), JSON.stringify(observation)).toBe(true);
      await sleep(30);
    }
  }

  async ended(handle: Handle): Promise<Observation> {
    return this.until(handle, hasEnded);
  }

  async log(handle: Handle): Promise<LogItem[]> {
    const items: LogItem[] = [];
    for await (const item of this.connection.logs(handle, null, never)) {
      items.push(item);
    }
    return items;
  }

  /** The text of one stream, to the end of the job. */
  async text(handle: Handle, stream = 'stdout'): Promise<string> {
    const items = await this.log(handle);
    return Buffer.concat(
      items.flatMap((item) => (item.kind === 'bytes' && item.stream.name === stream ? [item.bytes] : [])),
    ).toString();
  }

  runFolder(handle: Handle): string {
    return join(this.root, 'runs', handle.id);
  }

  /** null while no supervisor runs. */
  async supervisorPid(): Promise<number | null> {
    const address: unknown = await readFile(join(this.root, 'supervisor.json'), 'utf8').then(JSON.parse, () => null);
    const pid = address !== null && typeof address === 'object' && 'pid' in address ? address.pid : null;
    return typeof pid === 'number' && isRunning(pid) ? pid : null;
  }

  async killSupervisor(): Promise<void> {
    const pid = await this.supervisorPid();
    if (pid === null) {
      throw new Error('no supervisor runs');
    }
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isRunning(pid));
  }

  async #clear(): Promise<void> {
    const handles = (await this.connection.list(never)).map((found) => found.handle);
    await Promise.all(handles.map((handle) => this.connection.cancel(handle, never).catch(() => undefined)));
    for (const handle of handles) {
      await eventually(async () => {
        const observation = (await this.connection.observe([handle], never)).get(handle.id);
        return observation === undefined || observation.state === 'unknown' || hasEnded(observation);
      });
    }
    const pid = await this.supervisorPid();
    if (pid !== null) {
      process.kill(pid, 'SIGKILL');
      await eventually(() => !isRunning(pid));
    }
    await this.connection.dispose();
    // One of several that were started at once may just have taken the dead one's place: it ends for lack of a folder.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** A zombie whose parent does not ask for it has ended all the same. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await sleep(20);
  }
}

const silent = (): void => undefined;

export const benchPorts: ProviderPorts = {
  connectionId: brand('local', (value): value is ProviderPorts['connectionId'] => value === 'local'),
  clock: {
    now: () => Date.now(),
    sleep: async (ms, signal) => {
      await sleep(ms, undefined, { signal });
    },
  },
  logger: { debug: silent, info: silent, warn: silent, error: silent },
  secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
  keyValue: { get: () => undefined, set: async () => undefined },
  files: { folder: async () => tmpdir() },
  ask: nobody,
};
