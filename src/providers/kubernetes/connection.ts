import { inContract, streamInContract } from '../../core/inContract.ts';
import type { AttemptKey } from '../../core/job.ts';
import type { LogCursor, LogItem } from '../../core/logChunk.ts';
import type { Offer, OfferQuery } from '../../core/offer.ts';
import type { ProviderPorts } from '../../core/ports.ts';
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
} from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { parseRunName, runName } from '../../core/runName.ts';
import { claimParts } from './claims.ts';
import { checkByHand, codeFolder, stageCode } from './code/staging.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { cancelRun, removeRun } from './deletion.ts';
import type { Flavour } from './flavour.ts';
import { whoAmI } from './identity.ts';
import { runLog } from './logs/runLog.ts';
import { runningPod, untilPodEnds } from './members.ts';
import { timeOf } from './model/meta.ts';
import { container } from './model/pod.ts';
import { annotation, jobName, keyOfLabels, keyOfName } from './names.ts';
import { rememberedFacts, rememberFacts } from './offers/clusterFacts.ts';
import { lookAtNodes } from './offers/lookAtNodes.ts';
import { blindOffers, factsOf, offersOf } from './offers/offers.ts';
import { observeRuns } from './observe/observeRuns.ts';
import { jobOptions } from './plan/jobOptions.ts';
import { dryRun } from './plan/dryRun.ts';
import { planJob } from './plan/plan.ts';
import { specOf } from './plan/specOf.ts';
import { place } from './plan/scripts.ts';
import { forwardPodPort } from './portForward.ts';
import { listRunOutputs, readRunOutput } from './results/runOutputs.ts';
import type { ClusterSettings } from './settings.ts';
import { openPodShell } from './shell.ts';
import type { Run } from './state/runs.ts';
import { dataOf, findAttempt, handleOf, handleOfMetadata, submitJob } from './submit.ts';
import { removeUnclaimed } from './unclaimed.ts';

interface Push {
  readonly handleId: string;
  readonly observation: Observation;
}

/** Jobs in one namespace of one cluster. */
export class ClusterConnection implements Connection {
  readonly #flavour: Flavour;
  readonly #settings: ClusterSettings;
  readonly #ports: ProviderPorts;
  #opened: Promise<Cluster> | null = null;
  #isDisposed = false;

  constructor(flavour: Flavour, settings: ClusterSettings, ports: ProviderPorts) {
    this.#flavour = flavour;
    this.#settings = settings;
    this.#ports = ports;
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    return this.#do(signal, async ({ api, context }) => whoAmI(api, context.user.name || context.name, signal));
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    return this.#do(signal, async ({ api }) => {
      const { connectionId, clock, keyValue } = this.#ports;
      const context = { connectionId, flavour: this.#flavour, asOf: clock.now() };
      const look = await lookAtNodes(api, this.#settings.namespace, signal);
      if (look.kind === 'blind') {
        return blindOffers(query, look.quota, context);
      }
      await rememberFacts(keyValue, factsOf(look.uses));
      return offersOf(query, look.uses, context);
    });
  }

  plan(input: PlanInput): Plan {
    return planJob(input, this.#settings, this.#flavour, rememberedFacts(this.#ports.keyValue));
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    return this.#do(signal, async ({ api }) => {
      const folder = codeFolder(await this.#ports.files.folder());
      return stageCode(api, this.#settings.namespace, folder, snapshot, signal, onProgress);
    });
  }

  async checkByHand(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    await inContract(signal, explain, async () => checkByHand(snapshot, signal));
  }

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    return this.#do(signal, async ({ api }) =>
      submitJob(api, codeFolder(await this.#ports.files.folder()), input, signal),
    );
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return this.#do(signal, async ({ api }) => {
      const { namespace } = this.#settings;
      const found = await findAttempt(api, namespace, key, signal);
      if (found === null) {
        return null;
      }
      // Its submission may have come to an end before it could.
      await claimParts(api, namespace, key, found.owner, found.annotations, signal);
      signal.throwIfAborted();
      return handleOf(key, namespace, found.owner.kind, found.owner.uid);
    });
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    return this.#do(signal, async ({ runs }) => {
      const all = await runs.all(signal);
      return all.names.flatMap((name) => foundAttempt(all.get(name), this.#settings.namespace) ?? []);
    });
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    return this.#do(signal, async (cluster) => {
      if (handles.length === 0) {
        return new Map<string, Observation>();
      }
      const { runs } = cluster;
      const wanted = new Map(handles.flatMap((handle) => nameOf(handle)));
      let all = await runs.all(signal);
      if (runs.isLive && [...wanted.values()].some((name) => all.get(name) === undefined)) {
        // What was just made may not have been heard of yet.
        all = await runs.listed(signal);
      }
      const sets = new Set(handles.filter((handle) => dataOf(handle).kind === 'JobSet').map(({ id }) => id));
      return observeRuns(cluster, all, wanted, sets, signal);
    });
  }

  watch(signal: AbortSignal): AsyncIterable<Push> {
    return streamInContract(signal, explain, () => this.#pushes(signal));
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return this.#stream(signal, ({ api, runs }) => {
      const { namespace, name } = dataOf(handle);
      return runLog({ api, runs, namespace, name, cursor, signal });
    });
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async (cluster) => cancelRun(cluster, handle, this.#ports.clock.now(), signal));
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return this.#do(signal, async (cluster) => listRunOutputs(cluster, handle, globs, signal));
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#stream(signal, (cluster) => readRunOutput(cluster, handle, path, signal));
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async (cluster) => {
      await removeRun(cluster, handle, this.#ports.clock.now(), signal);
      await (await cluster.store()).remove(handle.id);
      await removeUnclaimed(cluster.api, cluster.namespace, signal).catch(() => undefined);
    });
  }

  async dryRun(plan: Plan, signal: AbortSignal): Promise<DryRun> {
    return this.#do(signal, async ({ api }) => dryRun(api, plan, signal));
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return this.#do(signal, async ({ api }) => jobOptions(api, this.#settings.namespace, this.#flavour, signal));
  }

  async openShell(handle: Handle, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return this.#do(signal, async ({ api, runs, namespace }) => {
      const { pod, job } = runningPod(await runs.fresh(dataOf(handle).name, signal), member);
      const target = { namespace, pod: pod.metadata.name, container: container.main };
      return openPodShell(api, target, specOf(job).folder, size, signal);
    });
  }

  async forwardPort(
    handle: Handle,
    member: AttemptMember,
    remotePort: number,
    signal: AbortSignal,
  ): Promise<ForwardedPort> {
    return this.#do(signal, async ({ api, runs, namespace }) => {
      const { name } = dataOf(handle);
      const { pod } = runningPod(await runs.fresh(name, signal), member);
      const ended = async (until: AbortSignal): Promise<string> => untilPodEnds(runs, name, pod, until);
      const { logger } = this.#ports;
      return forwardPodPort({ api, namespace, pod: pod.metadata.name, remotePort, logger, signal, ended });
    });
  }

  location(): null {
    return null;
  }

  codeFolder(): string {
    return place.work;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    const opened = await this.#opened?.catch(() => null);
    this.#opened = null;
    await opened?.dispose();
  }

  async *#pushes(signal: AbortSignal): AsyncGenerator<Push, void> {
    const cluster = await this.#cluster();
    for await (const names of cluster.runs.watch(signal)) {
      const wanted = names.flatMap((name) => {
        const key = keyOfName(name);
        return key === null ? [] : [[runName(key), name] as const];
      });
      const all = await cluster.runs.all(signal);
      for (const [handleId, observation] of await observeRuns(cluster, all, new Map(wanted), new Set(), signal)) {
        yield { handleId, observation };
      }
    }
  }

  /** Connects on first use. */
  async #cluster(): Promise<Cluster> {
    if (this.#isDisposed) {
      throw new ProviderError('transient', 'The connection to the cluster was closed.');
    }
    this.#opened ??= openCluster(this.#settings, this.#ports).catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #do<T>(signal: AbortSignal, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    return inContract(signal, explain, async () => work(await this.#cluster()));
  }

  #stream<T>(signal: AbortSignal, work: (cluster: Cluster) => AsyncIterable<T>): AsyncIterable<T> {
    const cluster = async (): Promise<Cluster> => this.#cluster();
    return streamInContract(signal, explain, async function* open() {
      yield* work(await cluster());
    });
  }
}

function explain(error: unknown): ProviderError {
  const raw = error instanceof Error ? error.message : String(error);
  return new ProviderError('transient', `The cluster could not do it: ${raw}`, { raw, cause: error });
}

function nameOf(handle: Handle): readonly (readonly [string, string])[] {
  const key = parseRunName(handle.id)?.key;
  return key === undefined ? [] : [[handle.id, jobName(key)]];
}

function foundAttempt(run: Run | undefined, namespace: string): FoundAttempt | null {
  const meta = run?.job?.metadata;
  const key = meta === undefined ? null : keyOfLabels(meta.labels);
  if (meta === undefined || key === null) {
    return null;
  }
  const spec = parseJson(meta.annotations[annotation.spec] ?? 'null');
  const name = typeof spec === 'object' && spec !== null && 'name' in spec ? spec.name : null;
  return {
    key,
    handle: handleOfMetadata(key, namespace, meta),
    name: typeof name === 'string' ? name : meta.name,
    createdAt: timeOf(meta.creationTimestamp) ?? 0,
    spec,
  };
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
