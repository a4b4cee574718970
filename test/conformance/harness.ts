import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { it } from 'vitest';
import type { AttemptKey } from '../../src/core/job.ts';
import type { JobSpec } from '../../src/core/jobSpec.ts';
import { isTerminal } from '../../src/core/jobState.ts';
import { type LogCursor, type LogItem, streamText } from '../../src/core/logChunk.ts';
import { isTold } from '../../src/core/observe.ts';
import type { Connection, Handle, Observation, SubmitInput } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { mintRunId } from '../../src/core/runId.ts';
import type { Faults, ProviderSetup, Scenarios, StartedProvider } from './setup.ts';
import { type MadeSnapshot, makeSnapshot } from './snapshot.ts';

type OptionalAbility = 'dryRun' | 'shell' | 'portForward';

const unable: Readonly<Record<OptionalAbility, string>> = {
  dryRun: 'this provider has no dry run',
  shell: 'this provider opens no shells',
  portForward: 'this provider forwards no ports',
};

export function specFor(command: string, more: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'conformance',
    command,
    setup: null,
    workingDirectory: '.',
    env: {},
    secrets: [],
    image: null,
    accelerator: null,
    nodes: 1,
    spot: false,
    region: null,
    cpus: null,
    memoryBytes: null,
    diskBytes: null,
    providers: [],
    options: {},
    outputs: [],
    limits: { durationMs: null, waitMs: null, costUsd: null },
    ...more,
  };
}

export function newKey(): AttemptKey {
  return { runId: mintRunId(Date.now(), (length) => randomBytes(length)), attempt: 1 };
}

/** A signal that nobody aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`It was expected to be refused, but it gave ${JSON.stringify(value)}.`);
    },
    (error: unknown) => error,
  );
}

/** The tag of a ProviderError, or the thing itself where it is none. */
export function tagOf(error: unknown): unknown {
  return isProviderError(error) ? error.tag : error;
}

/** Every item of a stream. */
export async function gather<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

const stocked = 8;

/** All there is, with what is needed to run the cases of one provider and to leave nothing behind. */
export class Harness {
  readonly setup: ProviderSetup;
  #started: StartedProvider | undefined;
  #connection: Connection | undefined;
  #snapshot: MadeSnapshot | undefined;
  readonly #connections: Connection[] = [];
  #keys: AttemptKey[] = [];
  readonly #stock: { readonly key: AttemptKey; readonly handle: Handle }[] = [];

  constructor(setup: ProviderSetup) {
    this.setup = setup;
  }

  async start(): Promise<void> {
    this.#started = await this.setup.start();
    this.#snapshot = await makeSnapshot('first');
    this.#connection = await this.open();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map(async (connection) => connection.dispose()));
    await this.#snapshot?.dispose();
    await this.#started?.stop();
  }

  /** Ends and removes what the case submitted. */
  async clean(): Promise<void> {
    const keys = this.#keys;
    this.#keys = [];
    for (const key of keys) {
      const handle = await this.connection.find(key, never());
      if (handle !== null) {
        await this.connection.cancel(handle, never());
        await this.end(handle);
        await this.connection.remove(handle, never());
      }
    }
  }

  get started(): StartedProvider {
    return present(this.#started);
  }

  get connection(): Connection {
    return present(this.#connection);
  }

  get snapshot(): MadeSnapshot['snapshot'] {
    return present(this.#snapshot).snapshot;
  }

  get scenarios(): Scenarios {
    return this.started.scenarios;
  }

  /** Another connection to the same backend. */
  async open(): Promise<Connection> {
    const connection = await this.started.open();
    this.#connections.push(connection);
    return connection;
  }

  /** A case that needs a fault: skipped, with the reason in its name, where this provider cannot have it. */
  itWith<Name extends keyof Faults>(name: Name, title: string, body: (fault: Faults[Name]) => Promise<void>): void {
    this.#itUnless(this.setup.missing[name], title, async () => {
      const fault = this.started.faults[name];
      if (fault === undefined) {
        throw new Error(`The set-up has no fault "${name}" and gives no reason under "missing".`);
      }
      await body(fault);
    });
  }

  /** A case about something that only some providers can do: skipped, with the reason, for the others. */
  itIfAble(ability: OptionalAbility, title: string, body: () => Promise<void>): void {
    this.#itUnless(this.setup.abilities[ability] ? undefined : unable[ability], title, body);
  }

  itIfAbleWith<Name extends keyof Faults>(
    ability: OptionalAbility,
    name: Name,
    title: string,
    body: (fault: Faults[Name]) => Promise<void>,
  ): void {
    if (this.setup.abilities[ability]) {
      this.itWith(name, title, body);
    } else {
      this.#itUnless(unable[ability], title, async () => undefined);
    }
  }

  /** A case that needs another process with the same backend; skipped likewise. */
  itWithModule(title: string, body: (module: NonNullable<StartedProvider['module']>) => Promise<void>): void {
    this.#itUnless(this.setup.missing.module, title, async () => {
      const { module } = this.started;
      if (module === null) {
        throw new Error('The set-up has no module and gives no reason under "missing".');
      }
      await body(module);
    });
  }

  #itUnless(reason: string | undefined, title: string, body: () => Promise<void>): void {
    if (reason === undefined) {
      it(title, body);
    } else {
      it.skip(`${title} (skipped: ${reason})`, () => undefined);
    }
  }

  /** A key whose job is ended and removed after the case. */
  key(): AttemptKey {
    const key = newKey();
    this.own(key);
    return key;
  }

  own(key: AttemptKey): void {
    this.#keys.push(key);
  }

  /** Everything up to `submit`: planned and staged. */
  async prepare(
    command: string,
    key: AttemptKey = this.key(),
    more: Partial<JobSpec> = {},
    secrets: ReadonlyMap<string, string> = new Map(),
  ): Promise<SubmitInput> {
    const plan = this.connection.plan({
      spec: specFor(command, more),
      key,
      snapshotId: this.snapshot.id,
      interpreter: null,
    });
    const staged = await this.connection.stage(this.snapshot, never(), () => undefined);
    return { plan, key, staged, secrets };
  }

  async submit(command: string, key?: AttemptKey, more?: Partial<JobSpec>): Promise<Handle> {
    return this.connection.submit(await this.prepare(command, key, more), never());
  }

  /** A job that wrote its files and has ended. Several are made at a time: a backend that is slow to begin is so for all of them at once. */
  async takeEnded(): Promise<Handle> {
    if (this.#stock.length === 0) {
      const made = Array.from({ length: stocked }, async () => {
        const key = newKey();
        const handle = await this.submit(this.scenarios.writes.command, key);
        await this.end(handle);
        return { key, handle };
      });
      this.#stock.push(...(await Promise.all(made)));
    }
    const { key, handle } = present(this.#stock.pop());
    this.own(key);
    return handle;
  }

  /** How many jobs the backend has for a key. */
  async count(key: AttemptKey): Promise<number> {
    const all = await this.connection.list(never());
    return all.filter((found) => found.key.runId === key.runId && found.key.attempt === key.attempt).length;
  }

  async observe(handle: Handle): Promise<Observation> {
    const observation = (await this.connection.observe([handle], never())).get(handle.id);
    if (observation === undefined) {
      throw new Error(`The backend does not know ${handle.id}.`);
    }
    return observation;
  }

  /** Observes until it is true of the job. */
  async until(handle: Handle, isReached: (observation: Observation) => boolean): Promise<Observation> {
    for (;;) {
      const observation = await this.observe(handle);
      if (isReached(observation)) {
        return observation;
      }
      await delay(20);
    }
  }

  async end(handle: Handle): Promise<Observation> {
    return this.until(handle, hasEnded);
  }
}

export function hasEnded({ state }: Observation): boolean {
  return isTold(state) && isTerminal(state);
}

/** Everything that `logs` gives from a cursor on; at most `limit` items. */
export async function readLog(
  connection: Connection,
  handle: Handle,
  cursor: LogCursor | null = null,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly LogItem[]> {
  const items: LogItem[] = [];
  for await (const item of connection.logs(handle, cursor, never())) {
    items.push(item);
    if (items.length >= limit) {
      break;
    }
  }
  return items;
}

/** The bytes of each stream, in hexadecimal so that a difference can be read. */
export function byStream(items: readonly LogItem[]): Readonly<Record<string, string>> {
  const streams: Record<string, string> = {};
  for (const item of items) {
    if (item.kind === 'bytes' && item.bytes.length > 0) {
      const name = streamText(item.stream);
      streams[name] = (streams[name] ?? '') + Buffer.from(item.bytes).toString('hex');
    }
  }
  return streams;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function present<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error('The provider was not started.');
  }
  return value;
}
