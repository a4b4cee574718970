import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import type { AcceleratorName } from '../../../src/core/accelerator.ts';
import { type AttemptKey, type EpochMs, isRunId } from '../../../src/core/job.ts';
import type { LogCursor, LogItem } from '../../../src/core/logChunk.ts';
import type { Offer, OfferQuery } from '../../../src/core/offer.ts';
import type { ProviderPorts } from '../../../src/core/ports.ts';
import type {
  AttemptMember,
  Connection,
  DryRun,
  ForwardedPort,
  FoundAttempt,
  Handle,
  Identity,
  JobOption,
  Json,
  Location,
  Observation,
  OutputFile,
  Plan,
  PlanInput,
  Shell,
  Snapshot,
  StagedCode,
  StageProgress,
  SubmitInput,
  TerminalSize,
} from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { safeRelativePath } from '../../../src/core/safePath.ts';
import { forwardPort, openShell } from './openLinks.ts';
import { offersSchema } from './conditions.ts';
import { planRequest, readRequest } from './request.ts';
import type { Transport } from './transport.ts';
import {
  dryRunSchema,
  jobOptionSchema,
  logItemSchema,
  observationSchema,
  outputSchema,
  recordSchema,
  toFound,
  toLogItem,
  toObservation,
} from './wire.ts';

const offersReplySchema = z.object({ asOf: z.number(), offers: z.nullable(offersSchema) });

const usualOffers: z.infer<typeof offersSchema> = [null, 'H100', 'TPU v5e']
  .flatMap((accelerator) => (accelerator === null ? [0] : [1, 8]).map((count) => ({ accelerator, count })))
  .map(({ accelerator, count }) => ({
    accelerator,
    count,
    region: 'scripted-1',
    memoryGib: accelerator === 'H100' ? 80 : accelerator === null ? null : 16,
    price: count === 0 ? 0.3 : count * 3,
    free: null,
    likelihood: 'unknown',
    note: 'scripted',
  }));

const observedSchema = z.object({ id: z.string(), observation: observationSchema });

/**
 * `named`: the client chooses the job's id and the backend answers a repetition with the first job. `searched`: the backend
 * knows no ids of ours, so a lock object and a search come before each creation.
 */
export type Idempotency = 'named' | 'searched';

/** How long a client that holds the lock may take from its search to the end of its creation, in ms. */
const lockMs = 500;
const lockPollMs = 10;

/** Where run folders are, on which host. */
export interface RunFolders {
  readonly host: string;
  readonly path: string;
}

export class ScriptedConnection implements Connection {
  readonly #transport: Transport;
  readonly #idempotency: Idempotency;
  readonly #ports: ProviderPorts;
  readonly #console: string | RunFolders | null;
  readonly #disposed = new AbortController();

  constructor(
    transport: Transport,
    idempotency: Idempotency,
    ports: ProviderPorts,
    console: string | RunFolders | null,
  ) {
    const closing = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, this.#disposed.signal]);
    this.#transport = {
      call: async (operation, body, signal) => transport.call(operation, body, closing(signal)),
      stream: (operation, body, signal) => transport.stream(operation, body, closing(signal)),
    };
    this.#idempotency = idempotency;
    this.#ports = ports;
    this.#console = console;
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    const reply = await this.#transport.call('identity', null, signal);
    return z.parse(z.object({ account: z.string(), expiresAt: z.nullable(z.number()) }), reply);
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    const { asOf, offers } = z.parse(offersReplySchema, await this.#transport.call('offers', null, signal));
    return (offers ?? usualOffers)
      .filter(({ accelerator }) => query.accelerator === undefined || accelerator === query.accelerator)
      .filter(({ region }) => query.region === undefined || query.region === region)
      .map(({ accelerator, count, region, memoryGib, price, free, total, likelihood, note }) => ({
        connectionId: this.#ports.connectionId,
        accelerator: accelerator as AcceleratorName | null,
        count,
        memoryGib,
        region,
        priceUsdPerHour: price,
        spotPriceUsdPerHour: price === null ? null : price / 3,
        freeNow: free,
        ...(total === undefined ? {} : { total }),
        likelihood,
        note,
        asOf,
      }));
  }

  plan(input: PlanInput): Plan {
    return planRequest(input);
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    const pieces = snapshot.pieces.map(({ sha256 }) => sha256);
    const there = new Set(z.parse(z.array(z.string()), await this.#transport.call('staged', pieces, signal)));
    const missing = snapshot.pieces.filter(({ sha256 }) => !there.has(sha256));
    const totalBytes = missing.reduce((sum, { bytes }) => sum + bytes, 0);
    let sentBytes = 0;
    onProgress({ sentBytes, totalBytes });
    for (const piece of missing) {
      const base64 = await readFile(snapshot.piecePath(piece), 'base64');
      signal.throwIfAborted();
      await this.#transport.call('stage', { sha256: piece.sha256, base64 }, signal);
      sentBytes += piece.bytes;
      onProgress({ sentBytes, totalBytes });
    }
    return { snapshotId: snapshot.id, pieces };
  }

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    const { pieces } = z.parse(z.object({ pieces: z.array(z.string()) }), input.staged);
    const { name, spec } = readRequest(input.plan.request);
    const { runId, attempt } = input.key;
    const creation = { key: { runId, attempt }, name, spec, pieces };
    if (this.#idempotency === 'named') {
      return this.#create({ ...creation, jobId: `aloft-${runId.toLowerCase()}-${attempt}` }, signal);
    }
    for (;;) {
      const { heldSince, found } = await this.#lock(input.key, signal);
      const existing = found ?? (await this.find(input.key, signal));
      if (existing !== null) {
        return existing;
      }
      // A machine that slept here may hold the lock no more.
      if (this.#ports.clock.now() - heldSince < lockMs / 2) {
        return this.#create({ ...creation, jobId: null }, signal);
      }
    }
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    const reply = await this.#transport.call('find', { runId: key.runId, attempt: key.attempt }, signal);
    return reply === null ? null : toHandle(z.parse(recordSchema, reply).id);
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    const records = z.parse(z.array(recordSchema), await this.#transport.call('list', null, signal));
    return records.flatMap((found) => {
      const { runId, attempt } = found.key;
      return isRunId(runId) ? [toFound(found, { runId, attempt }, toHandle(found.id))] : [];
    });
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    const reply = await this.#transport.call(
      'observe',
      handles.map(({ id }) => id),
      signal,
    );
    return new Map(
      z.parse(z.array(observedSchema), reply).map(({ id, observation }) => [id, toObservation(observation)]),
    );
  }

  async *watch(signal: AbortSignal): AsyncGenerator<{ readonly handleId: string; readonly observation: Observation }> {
    for await (const item of this.#transport.stream('watch', null, signal)) {
      const { id, observation } = z.parse(observedSchema, item);
      yield { handleId: id, observation: toObservation(observation) };
    }
  }

  async *logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncGenerator<LogItem> {
    for await (const item of this.#transport.stream('logs', { id: handle.id, cursor }, signal)) {
      yield toLogItem(z.parse(logItemSchema, item));
    }
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    await this.#transport.call('cancel', { id: handle.id }, signal);
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return z.parse(z.array(outputSchema), await this.#transport.call('outputs', { id: handle.id, globs }, signal));
  }

  async *readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (safeRelativePath(path) === null) {
      throw new ProviderError('invalid', `"${path}" is not below the job's folder.`, {
        remedy: 'Choose another file.',
      });
    }
    for await (const item of this.#transport.stream('readOutput', { id: handle.id, path }, signal)) {
      yield Buffer.from(z.parse(z.object({ base64: z.string() }), item).base64, 'base64');
    }
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    await this.#transport.call('remove', { id: handle.id }, signal);
  }

  async dryRun({ request }: Plan, signal: AbortSignal): Promise<DryRun> {
    const { spec } = readRequest(request);
    return z.parse(dryRunSchema, await this.#transport.call('dryRun', spec, signal));
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return z.parse(z.array(jobOptionSchema), await this.#transport.call('jobOptions', null, signal));
  }

  async openShell(handle: Handle, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return await openShell(this.#transport, { id: handle.id, ...member, ...size }, signal);
  }

  async forwardPort(
    handle: Handle,
    member: AttemptMember,
    remotePort: number,
    signal: AbortSignal,
  ): Promise<ForwardedPort> {
    return await forwardPort(this.#transport, { id: handle.id, ...member }, remotePort, signal);
  }

  location({ id }: Handle): Location | null {
    if (this.#console === null) {
      return null;
    }
    return typeof this.#console === 'string'
      ? { kind: 'url', url: `${this.#console}/console/${encodeURIComponent(id)}`, site: 'scripted console' }
      : { kind: 'remoteFolder', host: this.#console.host, path: `${this.#console.path}/${id}` };
  }

  async dispose(): Promise<void> {
    this.#disposed.abort(new ProviderError('transient', 'The connection was closed.'));
  }

  async #create(creation: Json, signal: AbortSignal): Promise<Handle> {
    return toHandle(z.parse(recordSchema, await this.#transport.call('submit', creation, signal)).id);
  }

  /** Waits for the lock of that key, or for the job that its holder creates meanwhile. */
  async #lock(
    key: AttemptKey,
    signal: AbortSignal,
  ): Promise<{ readonly heldSince: EpochMs; readonly found: Handle | null }> {
    const request = { name: `${key.runId}-${key.attempt}`, owner: randomUUID(), forMs: lockMs };
    for (;;) {
      const heldSince = this.#ports.clock.now();
      if (z.parse(z.boolean(), await this.#transport.call('lock', request, signal))) {
        return { heldSince, found: null };
      }
      const found = await this.find(key, signal);
      if (found !== null) {
        return { heldSince, found };
      }
      await this.#ports.clock.sleep(lockPollMs, signal);
    }
  }
}

function toHandle(id: string): Handle {
  return { id, data: {} };
}
