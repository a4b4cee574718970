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
import { safeRelativePath } from '../../core/safePath.ts';
import { ApiError } from './client/apiError.ts';
import { codeFolder, removeUnclaimed, stageCode } from './code/staging.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { cancelRun, removeRun } from './deletion.ts';
import { specOf } from './errands.ts';
import type { Flavour } from './flavour.ts';
import { whoAmI } from './identity.ts';
import { runLog } from './logs/runLog.ts';
import { setOf } from './model/job.ts';
import { timeOf } from './model/meta.ts';
import { container, indexOf, type Pod, statusOf } from './model/pod.ts';
import { annotation, jobName, keyOfLabels, keyOfName } from './names.ts';
import { rememberedFacts, rememberFacts } from './offers/clusterFacts.ts';
import { lookAtNodes } from './offers/lookAtNodes.ts';
import { blindOffers, factsOf, offersOf } from './offers/offers.ts';
import { throughSet } from './observe/jobSet.ts';
import { currentPods, observationOf } from './observe/observation.ts';
import { collection } from './paths.ts';
import { jobOptions } from './plan/jobOptions.ts';
import { planJob } from './plan/plan.ts';
import { place } from './plan/scripts.ts';
import { forwardPodPort } from './portForward.ts';
import { ofResultPath, resultPath } from './results/collect.ts';
import { matcher } from './results/globs.ts';
import { piped } from './results/piped.ts';
import { listPodFiles, readPodFile } from './results/podFiles.ts';
import type { ClusterSettings } from './settings.ts';
import { openPodShell } from './shell.ts';
import type { AllRuns, Run } from './state/runs.ts';
import { dataOf, findJob, handleOf, handleOfMetadata, readRequest, resourceOf, submitJob } from './submit.ts';

interface Push {
  readonly handleId: string;
  readonly observation: Observation;
}

/** How often a port asks whether its pod still runs, in ms, where nobody watches. */
const lookAtPod = 2_000;

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
    return planJob(input, this.#settings.namespace, this.#flavour, rememberedFacts(this.#ports.keyValue));
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

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    return this.#do(signal, async ({ api }) =>
      submitJob(api, codeFolder(await this.#ports.files.folder()), input, signal),
    );
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return this.#do(signal, async ({ api }) => {
      const { namespace } = this.#settings;
      for (const kind of ['Job', 'JobSet'] as const) {
        const found = await findJob(api, namespace, key, kind, signal);
        if (found !== null) {
          return handleOf(key, namespace, kind, found.uid);
        }
      }
      return null;
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
      return this.#observations(cluster, all, wanted, sets, signal);
    });
  }

  watch(signal: AbortSignal): AsyncIterable<Push> {
    return streamInContract(signal, explain, () => this.#pushes(signal));
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return this.#stream(signal, async function* read({ api, runs }) {
      const { namespace, name } = dataOf(handle);
      yield* runLog({ api, runs, namespace, name, cursor, signal });
    });
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async (cluster) => cancelRun(cluster, handle, this.#ports.clock.now(), signal));
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return this.#do(signal, async (cluster) => {
      const { api, runs, namespace } = cluster;
      const { name } = dataOf(handle);
      const run = await runs.fresh(name, signal);
      const isWanted = matcher(globs);
      const fetched = await (await cluster.store()).list(handle.id);
      if (fetched !== null) {
        return fetched.filter(({ path }) => isWanted(ofResultPath(path).path));
      }
      const pods = reachable(run);
      if (pods.length === 0 || run.job === null) {
        throw new ProviderError('notFound', 'The files of this job went with its pod.', {
          remedy:
            'Name the results of a job under outputs before it is submitted: then its pod stays until they were fetched.',
        });
      }
      const { folder } = specOf(run.job);
      const lists = await Promise.all(
        pods.map(async ({ pod, target }) => {
          const files = await listPodFiles(api, { namespace, ...target }, folder, globs, signal);
          return files.map((file) => ({ ...file, path: resultPath(indexOf(pod), file.path) }));
        }),
      );
      return lists.flat();
    });
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#stream(signal, async function* read(cluster) {
      const { name } = dataOf(handle);
      const wanted = ofResultPath(path);
      const inside = safeRelativePath(wanted.path);
      if (inside === null || inside !== wanted.path) {
        throw new ProviderError('invalid', `"${path}" is not inside the job's folder.`, { field: 'path' });
      }
      const { api, runs, namespace } = cluster;
      const run = await runs.fresh(name, signal);
      const store = await cluster.store();
      if (await store.has(handle.id)) {
        yield* store.read(handle.id, path, signal);
        return;
      }
      const found = reachable(run).find(({ pod }) => indexOf(pod) === wanted.index);
      if (found === undefined || run.job === null) {
        throw new ProviderError('notFound', 'The files of this job went with its pod.');
      }
      const { folder } = specOf(run.job);
      const target = { namespace, ...found.target };
      yield* piped(signal, async (onBytes, until) => readPodFile(api, target, folder, inside, onBytes, until));
    });
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async (cluster) => {
      await removeRun(cluster, handle, this.#ports.clock.now(), signal);
      await (await cluster.store()).remove(handle.id);
      await removeUnclaimed(cluster.api, cluster.namespace, signal).catch(() => undefined);
    });
  }

  async dryRun(plan: Plan, signal: AbortSignal): Promise<DryRun> {
    return this.#do(signal, async ({ api }) => {
      const { job, namespace } = readRequest(plan.request);
      try {
        const query = { dryRun: 'All' };
        const answer = await api.json(
          'POST',
          collection(resourceOf(job.kind), namespace),
          { query, body: job },
          signal,
        );
        return {
          accepted: true,
          explanation: 'The cluster would take this job',
          expectedStartAt: null,
          raw: JSON.stringify(answer, null, 2),
        };
      } catch (error) {
        if (error instanceof ApiError && error.code < 500 && error.code !== 401 && error.code !== 429) {
          const explanation = error.message.replace(/\.$/u, '');
          return { accepted: false, explanation, expectedStartAt: null, raw: error.raw ?? '' };
        }
        throw error;
      }
    });
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return this.#do(signal, async ({ api }) => jobOptions(api, this.#settings.namespace, this.#flavour, signal));
  }

  async openShell(handle: Handle, member: AttemptMember, size: TerminalSize, signal: AbortSignal): Promise<Shell> {
    return this.#do(signal, async ({ api, runs, namespace }) => {
      const { pod, job } = await this.#runningPod(runs.fresh(dataOf(handle).name, signal), member);
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
      const { pod } = await this.#runningPod(runs.fresh(name, signal), member);
      const { uid } = pod.metadata;
      return forwardPodPort({
        api,
        namespace,
        pod: pod.metadata.name,
        remotePort,
        logger: this.#ports.logger,
        signal,
        ended: async (until) => {
          for (;;) {
            await runs.changed(name, lookAtPod, until);
            const run = await runs.one(name, until).catch(() => null);
            const now = run?.pods.find((each) => each.metadata.uid === uid);
            if (run !== null && (now === undefined || !isRunning(now))) {
              return `${pod.metadata.name} no longer runs`;
            }
          }
        },
      });
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
    for await (const name of cluster.runs.watch(signal)) {
      const key = keyOfName(name);
      const id = key === null ? null : runName(key);
      if (id !== null) {
        const all = await cluster.runs.all(signal);
        const observed = await this.#observations(cluster, all, new Map([[id, name]]), new Set(), signal);
        for (const [handleId, observation] of observed) {
          yield { handleId, observation };
        }
      }
    }
  }

  /**
   * `wanted`: handle ids with names of Jobs; what is not among all may have been deleted by us. `sets`: handle ids of JobSets,
   * whose Job comes and goes.
   */
  async #observations(
    cluster: Cluster,
    all: AllRuns,
    wanted: ReadonlyMap<string, string>,
    sets: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Observation>> {
    const { api, namespace, runs, hints, errands, tombstones } = cluster;
    const everything = all.names.flatMap((name) => all.get(name) ?? []);
    const about = await hints.hintsFor(everything, runs.isLive, signal);
    const observed = new Map<string, Observation>();
    for (const [id, name] of wanted) {
      const run = all.get(name);
      const own = run === undefined ? null : observationOf(run, about, all.seenAt);
      const isSet = sets.has(id) || (run?.job && setOf(run.job) !== null);
      const now = isSet ? await throughSet({ api, namespace, name, seenAt: all.seenAt }, own, signal) : own;
      if (now !== null) {
        if (run !== undefined) {
          errands.consider(id, run, about);
        }
        observed.set(id, now);
        continue;
      }
      const gone = tombstones.answer(name, all.seenAt);
      if (gone !== null) {
        observed.set(id, { ...gone, observedAt: Math.max(all.seenAt, gone.observedAt) });
      }
    }
    return observed;
  }

  async #runningPod(
    asked: Promise<Run>,
    { node }: AttemptMember,
  ): Promise<{ readonly pod: Pod; readonly job: NonNullable<Run['job']> }> {
    const { job, pods } = await asked;
    const pod = currentPods(pods).find((each) => indexOf(each) === node);
    if (job === null || pod === undefined || !isRunning(pod)) {
      throw new ProviderError('notFound', 'That part of the job does not run now.', {
        remedy: 'Wait until it runs; after its end nothing is left to look into.',
      });
    }
    return { pod, job };
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

function isRunning(pod: Pod): boolean {
  return Boolean(statusOf(pod, container.main)?.state?.running) && !pod.metadata.deletionTimestamp;
}

/** Pods in which files can be looked at now. */
function reachable(run: Run): readonly {
  readonly pod: Pod;
  readonly target: { readonly pod: string; readonly container: string };
}[] {
  return currentPods(run.pods).flatMap((pod) => {
    const name = [container.main, container.results].find((each) => statusOf(pod, each)?.state?.running);
    return name === undefined ? [] : [{ pod, target: { pod: pod.metadata.name, container: name } }];
  });
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
