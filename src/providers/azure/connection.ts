import { inContract, streamInContract } from '../../core/inContract.ts';
import type { AttemptKey } from '../../core/job.ts';
import type { LogCursor, LogItem } from '../../core/logChunk.ts';
import type { Offer, OfferQuery } from '../../core/offer.ts';
import type { ProviderPorts } from '../../core/ports.ts';
import type {
  Connection,
  FoundAttempt,
  Handle,
  Identity,
  JobOption,
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
import { explain, type OpenWorkspace, openWorkspace } from './account.ts';
import { cancelJob, removeJob } from './cancelAndRemove.ts';
import { rememberedFacts } from './facts.ts';
import { identityOf } from './identity.ts';
import { lookAround } from './offers/lookAround.ts';
import { offersOf } from './offers/offers.ts';
import { locationPath } from './paths.ts';
import { jobOptions } from './plan/jobOptions.ts';
import { planJob } from './plan/plan.ts';
import { listResults, readResult } from './results/results.ts';
import type { AzureSettings } from './settings.ts';
import { stageSnapshot } from './stage/stageSnapshot.ts';
import { studioUrl } from './studio.ts';
import { findAttempt, listAttempts, submitJob } from './submit/submit.ts';

/** Jobs in one workspace. */
export class AzureConnection implements Connection {
  readonly #ports: ProviderPorts;
  readonly #open: OpenWorkspace;
  /** Jobs, sent without an answer. */
  readonly #unanswered = new Set<string>();
  readonly #disposed = new AbortController();

  constructor(settings: AzureSettings, ports: ProviderPorts) {
    this.#ports = ports;
    this.#open = openWorkspace(settings, ports);
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    return this.#do(signal, async ({ api, credential, cloud, id }) => {
      // That one is signed in says little: the workspace must be there and let one in.
      await api.get(id, signal);
      return identityOf((await credential.token(cloud.armScope, signal)).token);
    });
  }

  async signIn(signal: AbortSignal): Promise<boolean> {
    return this.#do(signal, async ({ credential, cloud }) => credential.signIn(cloud.armScope, 'anew', signal));
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    return this.#do(signal, async ({ settings }) => {
      const look = await lookAround({ ...this.#ports, ...this.#open }, signal);
      const name = settings.compute?.toLowerCase();
      const cluster = look.clusters.find((each) => each.name.toLowerCase() === name) ?? null;
      return offersOf(query, { ...look, connectionId: this.#ports.connectionId, cluster });
    });
  }

  plan(input: PlanInput): Plan {
    return planJob(input, this.#open.settings, rememberedFacts(this.#ports.keyValue));
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    return this.#do(signal, async ({ workspace }) =>
      stageSnapshot(await workspace.defaultStore(signal), snapshot, signal, onProgress),
    );
  }

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    const { clock } = this.#ports;
    return this.#do(signal, async (open) => submitJob({ ...open, clock, unanswered: this.#unanswered }, input, signal));
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return this.#do(signal, async ({ api, id }) => findAttempt(api, id, key, signal));
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    return this.#do(signal, async (open) => listAttempts(open, open.id, signal));
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    return this.#do(signal, async ({ observer, logs }) => {
      const observations = await observer.observe(handles, signal);
      logs.notice(handles, observations);
      return observations;
    });
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return this.#stream(signal, ({ logs }, until) => logs.follow(handle, cursor, until));
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async ({ api, id }) => cancelJob(api, id, handle, signal));
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return this.#do(signal, async ({ workspace, history }) =>
      listResults({ workspace, history, clock: this.#ports.clock }, handle, globs, signal),
    );
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#stream(signal, ({ workspace, history }, until) =>
      readResult({ workspace, history, clock: this.#ports.clock }, handle, path, until),
    );
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async ({ api, workspace, id }) =>
      removeJob({ api, workspace, workspaceId: id, clock: this.#ports.clock }, handle, signal),
    );
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return this.#do(signal, async ({ api, history, id, settings, workspace }) => {
      const { location } = await workspace.info(signal);
      const input = { api, history, workspace: id, usualCluster: settings.compute };
      return jobOptions({ ...input, locationPath: locationPath(settings.subscription, location) }, signal);
    });
  }

  location(handle: Handle): Location {
    return { kind: 'url', url: studioUrl(this.#open, handle), site: 'Azure ML studio' };
  }

  async dispose(): Promise<void> {
    this.#disposed.abort(new ProviderError('transient', 'The connection to Azure was closed.'));
    await Promise.resolve();
  }

  async #do<T>(signal: AbortSignal, work: (open: OpenWorkspace) => Promise<T>): Promise<T> {
    return inContract(signal, explain, async () => work(this.#open));
  }

  /** Ends with the connection as well. */
  #stream<T>(
    signal: AbortSignal,
    open: (open: OpenWorkspace, until: AbortSignal) => AsyncIterable<T>,
  ): AsyncIterable<T> {
    const until = AbortSignal.any([signal, this.#disposed.signal]);
    return streamInContract(signal, explain, () => open(this.#open, until));
  }
}
