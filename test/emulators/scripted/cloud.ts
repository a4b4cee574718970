import { createHash } from 'node:crypto';
import { matchesGlob } from 'node:path';
import * as z from 'zod/mini';
import type { Clock } from '../../../src/core/ports.ts';
import type { Json, JsonObject } from '../../../src/core/provider.ts';
import { Changes } from './changes.ts';
import { type Conditions, conditionsSchema } from './conditions.ts';
import { type StreamItem, followLog, readFile, watchJobs } from './cloudStreams.ts';
import {
  ConnectionLost,
  type CallOperation,
  type Fault,
  FaultPlan,
  type Operation,
  type StreamOperation,
  operations,
  scriptedError,
} from './fault.ts';
import { backendOptions } from './jobOptions.ts';
import { judge } from './judge.ts';
import { Links } from './links.ts';
import { type JobScript, contentBytes, jobScriptSchema, parseScriptCommand, quickSuccess } from './script.ts';
import { scriptedLength } from './scriptedBytes.ts';
import { ScriptedJob } from './scriptedJob.ts';

const json: z.ZodMiniType<Json> = z.json();
const keySchema = z.object({ runId: z.string(), attempt: z.number() });
const idSchema = z.object({ id: z.string() });
const creationSchema = z.object({
  /** Chosen by the client; null: the backend makes one up and has no way to tell a repetition. */
  jobId: z.nullable(z.string()),
  key: keySchema,
  name: z.string(),
  spec: json,
  pieces: z.array(z.string()),
});

interface Lock {
  readonly owner: string;
  readonly until: number;
}

/** The cloud behind the scripted provider. It holds jobs and misbehaves as planned; `control` (see control.ts) plans. */
export class ScriptedCloud {
  readonly faults = new FaultPlan();
  readonly calls = new Map<Operation, number>(operations.map((operation) => [operation, 0]));
  readonly jobs = new Map<string, ScriptedJob>();
  readonly changes = new Changes();
  readonly links = new Links(this);
  readonly clock: Clock;
  conditions: Conditions = z.parse(conditionsSchema, {});
  defaultScript: JobScript = z.parse(jobScriptSchema, quickSuccess);
  #created = 0;
  #shuffles = 0;
  readonly #pieces = new Map<string, number>();
  readonly #locks = new Map<string, Lock>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Answers one request. Rejects with a ProviderError, with ConnectionLost, or with the signal's reason. */
  async call(operation: CallOperation, body: Json, signal: AbortSignal): Promise<Json> {
    const fault = await this.#admit(operation, signal);
    if (fault?.kind === 'duplicate') {
      this.#answer(operation, body, fault);
    }
    const answer = this.#answer(operation, body, fault);
    if (fault?.kind === 'loseReply') {
      throw new ConnectionLost();
    }
    if (fault?.kind === 'hangAfterWork') {
      await forever(signal);
    }
    return answer;
  }

  /** Answers one request item by item: `logs`, `readOutput` and `watch`. */
  async *stream(operation: StreamOperation, body: Json, signal: AbortSignal): AsyncGenerator<JsonObject> {
    const fault = await this.#admit(operation, signal);
    let left = fault?.kind === 'drop' ? fault.afterBytes : Number.POSITIVE_INFINITY;
    for await (const { item, bytes } of this.#items(operation, body, fault, signal)) {
      left -= bytes;
      if (left < 0) {
        throw new ConnectionLost();
      }
      yield item;
    }
    if (fault?.kind === 'loseReply') {
      throw new ConnectionLost();
    }
  }

  /** The job as it is now. Throws `notFound`. */
  job(id: string): ScriptedJob {
    const job = this.jobs.get(id);
    if (job === undefined) {
      throw scriptedError('notFound');
    }
    this.settle(job);
    return job;
  }

  async #admit(operation: Operation, signal: AbortSignal): Promise<Fault | undefined> {
    signal.throwIfAborted();
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    const fault = this.faults.take(operation);
    if (fault?.kind === 'hang') {
      await forever(signal);
    }
    if (fault?.kind === 'delay') {
      await this.clock.sleep(fault.ms, signal);
    }
    if (fault?.kind === 'loseRequest') {
      throw new ConnectionLost();
    }
    if (fault?.kind === 'fail') {
      throw scriptedError(fault.tag, fault.raw, fault.retryAfterMs);
    }
    if (!this.conditions.signedIn) {
      throw scriptedError('auth');
    }
    return fault;
  }

  #answer(operation: CallOperation, body: Json, fault: Fault | undefined): Json {
    switch (operation) {
      case 'identity':
        return { account: this.conditions.account, expiresAt: this.conditions.signedInUntil };
      case 'offers':
        return z.parse(json, { asOf: this.clock.now(), offers: this.conditions.offers });
      case 'staged':
        return z.parse(z.array(z.string()), body).filter((sha256) => this.#pieces.has(sha256));
      case 'stage':
        return this.#stage(z.parse(z.object({ sha256: z.string(), base64: z.string() }), body));
      case 'lock':
        return this.#lock(z.parse(z.object({ name: z.string(), owner: z.string(), forMs: z.number() }), body));
      case 'submit':
        return this.#submit(z.parse(creationSchema, body));
      case 'find': {
        const key = z.parse(keySchema, body);
        const found = [...this.jobs.values()].find((job) => isSameKey(job, key));
        return found === undefined ? null : record(found);
      }
      case 'list':
        return this.#ordered([...this.jobs.values()]).map(record);
      case 'observe':
        return this.#observe(z.parse(z.array(z.string()), body), fault);
      case 'cancel': {
        const job = this.job(z.parse(idSchema, body).id);
        job.cancel(this.clock.now());
        this.changes.fire();
        return null;
      }
      case 'outputs':
        return this.#outputs(z.parse(z.object({ id: z.string(), globs: z.array(z.string()) }), body));
      case 'remove':
        return this.#remove(z.parse(idSchema, body).id);
      case 'dryRun': {
        const { expectedWaitMs } = this.conditions;
        return judge(body, expectedWaitMs === null ? null : this.clock.now() + expectedWaitMs);
      }
      case 'jobOptions':
        return [...backendOptions];
      case 'shellInput':
        return this.links.input(body);
      case 'shellResize':
        return this.links.resize(body);
    }
  }

  #items(
    operation: StreamOperation,
    body: Json,
    fault: Fault | undefined,
    signal: AbortSignal,
  ): AsyncIterable<StreamItem> {
    switch (operation) {
      case 'logs': {
        const { id, cursor } = z.parse(z.object({ id: z.string(), cursor: z.nullable(z.string()) }), body);
        return followLog(this, this.job(id), cursor ?? '0:0', signal);
      }
      case 'readOutput': {
        const { id, path } = z.parse(z.object({ id: z.string(), path: z.string() }), body);
        return readFile(this.job(id), path);
      }
      case 'watch':
        return watchJobs(this, fault, signal);
      case 'shell':
        return this.links.shell(body, signal);
      case 'forward':
        return this.links.forward(body, signal);
    }
  }

  #stage(piece: { readonly sha256: string; readonly base64: string }): null {
    const bytes = Buffer.from(piece.base64, 'base64');
    if (createHash('sha256').update(bytes).digest('hex') !== piece.sha256) {
      throw scriptedError('invalid', 'BadDigest: the SHA-256 you specified did not match what we received.');
    }
    this.#pieces.set(piece.sha256, bytes.length);
    return null;
  }

  /** Creates a lock object unless there is one that still holds. */
  #lock({ name, owner, forMs }: { readonly name: string; readonly owner: string; readonly forMs: number }): boolean {
    const now = this.clock.now();
    const held = this.#locks.get(name);
    if (held !== undefined && held.owner !== owner && held.until > now) {
      return false;
    }
    this.#locks.set(name, { owner, until: now + forMs });
    return true;
  }

  #submit(creation: z.infer<typeof creationSchema>): Json {
    const existing = creation.jobId === null ? undefined : this.jobs.get(creation.jobId);
    if (existing !== undefined) {
      return record(existing);
    }
    const missing = creation.pieces.find((sha256) => !this.#pieces.has(sha256));
    if (missing !== undefined) {
      throw scriptedError('notFound', `NoSuchKey: ${missing}`);
    }
    const { capacity, quota } = this.conditions;
    if (quota !== null && this.#created >= quota) {
      throw scriptedError('quota');
    }
    if (capacity !== null && [...this.jobs.values()].filter((job) => !this.settle(job).isEnded).length >= capacity) {
      throw scriptedError('capacity');
    }
    this.#created += 1;
    const { key, name, spec } = creation;
    const command = z.safeParse(z.object({ command: z.string() }), spec);
    const script = (command.success ? parseScriptCommand(command.data.command) : null) ?? this.defaultScript;
    const id = creation.jobId ?? `customJobs/${1_000_000 + this.#created}`;
    const job = new ScriptedJob({ id, key, name, spec, createdAt: this.clock.now() }, script);
    this.jobs.set(id, job);
    this.changes.fire();
    return record(job);
  }

  #observe(ids: readonly string[], fault: Fault | undefined): Json {
    const known = ids.map((id) => this.jobs.get(id)).filter((job) => job !== undefined && job.visibility !== 'omitted');
    return this.#ordered(known).flatMap((job) =>
      job === undefined ? [] : [{ id: job.identity.id, observation: this.observation(this.settle(job), fault) }],
    );
  }

  /** What is said about a job that was settled. */
  observation(job: ScriptedJob, fault: Fault | undefined): JsonObject {
    const observation =
      job.visibility === 'stale'
        ? job.firstObservation()
        : job.observation(this.clock.now(), fault?.kind === 'late' ? 1 : 0);
    return {
      ...observation,
      nodes: observation.nodes.map((node) => ({ ...node })),
      tasks: observation.tasks.map((task) => ({ ...task })),
    };
  }

  #outputs({ id, globs }: { readonly id: string; readonly globs: readonly string[] }): Json {
    const job = this.job(id);
    return Object.entries(job.hasStarted ? job.files : {})
      .filter(([path]) => globs.some((glob) => matchesGlob(path, glob)))
      .map(([path, content]) => ({ path, bytes: contentBytes(content).length, modifiedAt: job.identity.createdAt }));
  }

  #remove(id: string): null {
    const job = this.jobs.get(id);
    if (job !== undefined && !this.settle(job).isEnded) {
      throw scriptedError('conflict', 'FAILED_PRECONDITION: the job is still running');
    }
    this.jobs.delete(id);
    this.changes.fire();
    return null;
  }

  /** Brings a job to what it is now. */
  settle(job: ScriptedJob): ScriptedJob {
    if (!(this.conditions.hold && job.isNew) && job.settle(this.clock.now())) {
      this.changes.fire();
    }
    return job;
  }

  #ordered<T>(items: readonly T[]): readonly T[] {
    if (!this.conditions.shuffle) {
      return items;
    }
    this.#shuffles += 1;
    return items
      .map((item, index) => ({ item, rank: scriptedLength(this.#shuffles, index, 1_000_000) }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}

function record(job: ScriptedJob): JsonObject {
  const { id, key, name, spec, createdAt } = job.identity;
  return { id, key: { ...key }, name, spec, createdAt };
}

function isSameKey(job: ScriptedJob, key: { readonly runId: string; readonly attempt: number }): boolean {
  return job.identity.key.runId === key.runId && job.identity.key.attempt === key.attempt;
}

async function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) {
      stop();
    }
  });
}
