import { writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { AttemptKey, EpochMs } from '../../core/job.ts';
import type { LogCursor, LogItem } from '../../core/logChunk.ts';
import type { Offer, OfferQuery } from '../../core/offer.ts';
import type { ProviderPorts } from '../../core/ports.ts';
import type {
  Connection,
  FoundAttempt,
  Handle,
  Identity,
  Location,
  Observation,
  OutputFile,
  Plan,
  PlanInput,
  Snapshot,
  StagedCode,
  StageProgress,
  SubmitInput,
} from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { rememberedDiscovery } from './accelerators/discovery.ts';
import { waitForChange } from './changeWait.ts';
import { inContract, streamInContract } from '../../core/inContract.ts';
import { explainError } from './failure.ts';
import { runFile, runFolder, snapshotPath } from './layout.ts';
import { isRunName, type RunName, runName } from '../../core/runName.ts';
import { readLog } from './logReader.ts';
import { hasCode, messageOf } from './nodeError.ts';
import { observationOf, unknownObservation } from './observation.ts';
import { offersOf, refuseUnavailable } from './offers.ts';
import { listOutputs, readOutputFile } from './outputs.ts';
import { planRun } from './plan.ts';
import { readRequest, requestSchema } from './request.ts';
import { handleOf, hasRun, listRuns, prepareRun, publishRun, removeRun } from './runStore.ts';
import { readRunState, type RunState } from './runState.ts';
import type { LocalSettings } from './settings.ts';
import { removeUnusedSnapshot, stageSnapshot } from './staging.ts';
import { makeFolders, SupervisorClient } from './supervisorClient.ts';

const discoveryMs = 10_000;
const supervisorLookMs = 1000;

/** A pushed observation. */
interface Push {
  readonly handleId: string;
  readonly observation: Observation;
}

/** Jobs on this machine, in run folders below one root, looked after by a supervisor that outlives us. */
export class LocalConnection implements Connection {
  readonly #settings: LocalSettings;
  readonly #ports: ProviderPorts;
  readonly #supervisor: SupervisorClient;
  readonly #discover = rememberedDiscovery(discoveryMs);
  readonly #disposed = new AbortController();

  constructor(settings: LocalSettings, ports: ProviderPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#supervisor = new SupervisorClient(settings);
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    return inContract(signal, explainError, async () => ({
      account: `${userInfo().username} on ${hostname()}`,
      expiresAt: null,
    }));
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    return inContract(signal, explainError, async () => {
      const { devices, problems } = await this.#discover();
      for (const problem of problems) {
        this.#ports.logger.warn(problem);
      }
      const busy = await this.#supervisor.tell({ ask: 'status' }, signal);
      return offersOf(query, devices, busy ?? { busySlots: 0, busyDevices: [] }, {
        connectionId: this.#ports.connectionId,
        slots: this.#settings.slots,
        asOf: this.#ports.clock.now(),
      });
    });
  }

  plan(input: PlanInput): Plan {
    return planRun(input);
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    return inContract(signal, explainError, async () => {
      await makeFolders(this.#settings.root);
      await stageSnapshot(this.#settings.root, snapshot, signal, onProgress);
      return { snapshotId: snapshot.id };
    });
  }

  async submit({ plan, key, secrets }: SubmitInput, signal: AbortSignal): Promise<Handle> {
    return inContract(signal, explainError, async () => {
      const { root } = this.#settings;
      const name = runName(key);
      const handle = handleOf(name);
      if (!hasRun(root, name)) {
        const request = z.parse(requestSchema, plan.request);
        if (request.runId !== key.runId || request.attempt !== key.attempt) {
          throw new ProviderError('invalid', `The plan is for ${request.runId}, not for ${key.runId}.`);
        }
        await refuseUnavailable(request.spec.accelerator, this.#discover);
        const values = secretValues(request.spec.secrets, secrets);
        await makeFolders(root);
        if (request.spec.secrets.length > 0) {
          // Before the run can be seen: one that is seen without its secrets has lost them.
          await this.#supervisor.ask({ ask: 'holdSecrets', run: name, values }, signal);
        }
        const prepared = await prepareRun(root, plan.request, this.#ports.clock.now());
        await publishRun(root, prepared, name);
      }
      await this.#supervisor.ask({ ask: 'look', runs: [name] }, signal);
      return handle;
    });
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return inContract(signal, explainError, async () => {
      const name = runName(key);
      return hasRun(this.#settings.root, name) ? handleOf(name) : null;
    });
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    return inContract(signal, explainError, async () => listRuns(this.#settings.root, signal));
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    return inContract(signal, explainError, async () => {
      const names = handles.map((handle) => handle.id).filter(isRunName);
      const asked = this.#ports.clock.now();
      const before = await this.#states(names);
      const unfinished = names.filter((name) => {
        const state = before.get(name);
        return state !== undefined && !(state instanceof Error) && state.phase !== 'ended';
      });
      if (unfinished.length === 0) {
        return observations(before, asked);
      }
      try {
        await this.#supervisor.ask({ ask: 'look', runs: unfinished }, signal);
      } catch (error) {
        signal.throwIfAborted();
        const lost = unfinished.map((name) => [name, new Error(messageOf(error))] as const);
        return observations(new Map([...before, ...lost]), asked);
      }
      const looked = this.#ports.clock.now();
      return observations(new Map([...before, ...(await this.#states(unfinished))]), looked);
    });
  }

  watch(signal: AbortSignal): AsyncIterable<Push> {
    return streamInContract(signal, explainError, () => this.#pushes(AbortSignal.any([signal, this.#disposed.signal])));
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return streamInContract(signal, explainError, () => {
      const name = this.#existing(handle);
      const either = AbortSignal.any([signal, this.#disposed.signal]);
      return readLog(runFolder(this.#settings.root, name), cursor, either, async () => {
        await this.#supervisor.ask({ ask: 'look', runs: [name] }, either);
      });
    });
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return inContract(signal, explainError, async () => {
      const name = this.#existing(handle);
      const folder = runFolder(this.#settings.root, name);
      if ((await readRunState(folder)).phase === 'ended') {
        return;
      }
      await writeFile(join(folder, runFile.cancel), '', { mode: 0o600 });
      await this.#supervisor.ask({ ask: 'look', runs: [name] }, signal);
    });
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return inContract(signal, explainError, async () =>
      globs.length === 0 ? [] : listOutputs(await this.#workingFolder(handle), globs, signal),
    );
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return streamInContract(signal, explainError, () =>
      readOutputFile(() => this.#workingFolder(handle), path, signal),
    );
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return inContract(signal, explainError, async () => {
      const { root } = this.#settings;
      if (!isRunName(handle.id) || !hasRun(root, handle.id)) {
        return;
      }
      const folder = runFolder(root, handle.id);
      const state = await readRunState(folder).catch(() => null);
      if (state !== null && state.phase !== 'ended') {
        throw new ProviderError('conflict', 'The job has not ended yet, so it is not removed.', {
          remedy: 'Cancel it first.',
        });
      }
      const request = await readRequest(folder).catch(() => null);
      await removeRun(root, handle.id);
      if (request !== null) {
        await removeUnusedSnapshot(snapshotPath(root, request.snapshot));
      }
    });
  }

  location(handle: Handle): Location | null {
    return isRunName(handle.id) ? { kind: 'folder', path: runFolder(this.#settings.root, handle.id) } : null;
  }

  codeFolder(handle: Handle): string | null {
    return isRunName(handle.id) ? join(runFolder(this.#settings.root, handle.id), runFile.work) : null;
  }

  async dispose(): Promise<void> {
    this.#disposed.abort(new ProviderError('transient', 'The connection to this machine was closed.'));
  }

  async *#pushes(signal: AbortSignal): AsyncGenerator<Push, void> {
    for (;;) {
      for await (const name of this.#supervisor.changes(signal)) {
        const looked = this.#ports.clock.now();
        const pushed = isRunName(name) ? observations(await this.#states([name]), looked) : [];
        for (const [handleId, observation] of pushed) {
          yield { handleId, observation };
        }
      }
      signal.throwIfAborted();
      // A supervisor that starts writes its address there.
      await waitForChange(this.#settings.root, supervisorLookMs, signal);
    }
  }

  #existing(handle: Handle): RunName {
    if (!isRunName(handle.id) || !hasRun(this.#settings.root, handle.id)) {
      throw new ProviderError('notFound', `This machine has no run "${handle.id}".`, {
        remedy: 'Its folder was removed; submit again.',
      });
    }
    return handle.id;
  }

  async #workingFolder(handle: Handle): Promise<string> {
    const folder = runFolder(this.#settings.root, this.#existing(handle));
    const { spec } = await readRequest(folder);
    return join(folder, runFile.work, spec.workingDirectory);
  }

  async #states(names: readonly RunName[]): Promise<Map<RunName, RunState | Error>> {
    const states = await Promise.all(names.map(async (name) => [name, await this.#state(name)] as const));
    return new Map(states.flatMap(([name, state]) => (state === null ? [] : [[name, state] as const])));
  }

  /** null when the run is not there; an error when its state cannot be read. */
  async #state(name: RunName): Promise<RunState | Error | null> {
    try {
      return await readRunState(runFolder(this.#settings.root, name));
    } catch (error) {
      return hasCode(error, 'ENOENT') ? null : new Error(messageOf(error));
    }
  }
}

/** `lookedAt`: from before the states were read, so that a slow look never seems newer than a quick one that began after it. */
function observations(states: ReadonlyMap<RunName, RunState | Error>, lookedAt: EpochMs): Map<string, Observation> {
  return new Map(
    [...states].map(([name, state]) => [
      name,
      state instanceof Error ? unknownObservation(state.message, lookedAt) : observationOf(state, lookedAt),
    ]),
  );
}

function secretValues(names: readonly string[], secrets: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = secrets.get(name);
      if (value === undefined) {
        throw new ProviderError('invalid', `The secret ${name} has no value.`, {
          field: 'secrets',
          remedy: 'Set it, or take it off the list.',
        });
      }
      return [name, value];
    }),
  );
}
