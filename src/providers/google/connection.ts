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
import { GoogleAccess } from './client/access.ts';
import { apiError } from './client/apiError.ts';
import { Bucket } from './client/bucket.ts';
import { Jobs, type VertexJob } from './client/jobs.ts';
import { dataOf, handleOf, keyOf } from './handle.ts';
import { whoAmI } from './identity.ts';
import { label } from './labels.ts';
import { listAttempts } from './listAttempts.ts';
import { RunLogs } from './logs/runLogs.ts';
import { LateErrors } from './observe/lateErrors.ts';
import { observeJobs } from './observe/observeJobs.ts';
import { PriceList } from './offers/livePrices.ts';
import { offersOf } from './offers/offers.ts';
import { liveQuotas } from './offers/quota.ts';
import { objectOf, workFolder } from './paths.ts';
import { jobOptions } from './plan/options.ts';
import { planJob } from './plan/plan.ts';
import { removeJob } from './removal.ts';
import { listOutputs, readOutput } from './results/outputs.ts';
import type { GoogleSettings } from './settings.ts';
import { stageCode } from './stage/stageCode.ts';
import { type FindContext, findJob } from './submit/findJob.ts';
import { Submissions } from './submit/submission.ts';
import { submitJob } from './submit/submitJob.ts';

const secretsGoneWithinMs = 30_000;

/** Custom jobs of Vertex AI in one project. */
export class GoogleConnection implements Connection {
  readonly #settings: GoogleSettings;
  readonly #ports: ProviderPorts;
  readonly #access: GoogleAccess;
  readonly #jobs: Jobs;
  readonly #bucket: Bucket;
  readonly #submissions: Submissions;
  readonly #prices: PriceList;
  readonly #logs: RunLogs;
  readonly #lateErrors: LateErrors;
  readonly #closed = new AbortController();

  constructor(settings: GoogleSettings, ports: ProviderPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#access = new GoogleAccess(settings);
    this.#jobs = new Jobs(this.#access);
    this.#bucket = new Bucket(this.#access, settings.bucket);
    this.#submissions = new Submissions(this.#bucket);
    this.#prices = new PriceList(this.#access, ports.clock);
    this.#lateErrors = new LateErrors(ports.clock);
    this.#logs = new RunLogs(this.#access, ports.clock, {
      observe: async (handles, signal) => this.observe(handles, signal),
      now: async (handle, signal) => this.#bucket.now(objectOf.submission(keyOf(dataOf(handle))), signal),
    });
  }

  async identity(signal: AbortSignal): Promise<Identity> {
    return this.#do(signal, async () => {
      await this.#bucket.probe(signal);
      return whoAmI(this.#access, signal);
    });
  }

  async offers(query: OfferQuery, signal: AbortSignal): Promise<readonly Offer[]> {
    return this.#do(signal, async () => {
      const probe = async (soon: AbortSignal): Promise<void> => this.#bucket.probe(soon);
      const [quotas, prices] = await Promise.all([
        liveQuotas(this.#access, probe, signal),
        this.#prices.current(signal),
      ]);
      const { connectionId, clock } = this.#ports;
      return offersOf(query, { connectionId, regions: this.#settings.regions, quotas, prices, asOf: clock.now() });
    });
  }

  plan(input: PlanInput): Plan {
    return planJob(input, this.#settings);
  }

  async stage(
    snapshot: Snapshot,
    signal: AbortSignal,
    onProgress: (progress: StageProgress) => void,
  ): Promise<StagedCode> {
    return this.#do(signal, async () => stageCode(this.#bucket, snapshot, signal, onProgress));
  }

  async submit(input: SubmitInput, signal: AbortSignal): Promise<Handle> {
    return this.#do(signal, async () => {
      const job = await submitJob(this.#submitContext, input, signal);
      signal.throwIfAborted();
      return this.#handle(job, input.key);
    });
  }

  async find(key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
    return this.#do(signal, async () => {
      const job = await findJob(this.#submitContext, key, signal);
      return job === null ? null : this.#handle(job, key);
    });
  }

  async list(signal: AbortSignal): Promise<readonly FoundAttempt[]> {
    return this.#do(signal, async () => {
      const found = await listAttempts(this.#submitContext, signal);
      return found.map(({ key, job, spec }) => ({
        key,
        handle: this.#handle(job, key),
        name: job.displayName,
        createdAt: job.createdAt,
        spec,
      }));
    });
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    return this.#do(signal, async () => {
      const observed = await observeJobs(
        { jobs: this.#jobs, clock: this.#ports.clock, lateErrors: this.#lateErrors },
        handles,
        signal,
      );
      const ended = handles.filter((handle) => {
        const { observation, job } = observed.get(handle.id) ?? {};
        return observation?.endedAt !== null && job?.labels[label.secrets] !== undefined;
      });
      for (const handle of ended) {
        void this.#removeSecrets(handle);
      }
      return new Map([...observed].map(([id, { observation }]) => [id, observation]));
    });
  }

  logs(handle: Handle, cursor: LogCursor | null, signal: AbortSignal): AsyncIterable<LogItem> {
    return this.#stream(signal, () => this.#logs.logs(handle, cursor, AbortSignal.any([signal, this.#closed.signal])));
  }

  async cancel(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async () => this.#jobs.cancel(dataOf(handle).region, handle.id, signal));
  }

  async outputs(handle: Handle, globs: readonly string[], signal: AbortSignal): Promise<readonly OutputFile[]> {
    return this.#do(signal, async () => listOutputs(this.#access, dataOf(handle), globs, signal));
  }

  readOutput(handle: Handle, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#stream(signal, () => readOutput(this.#access, dataOf(handle), path, signal));
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    return this.#do(signal, async () =>
      removeJob({ jobs: this.#jobs, bucket: this.#bucket, clock: this.#ports.clock }, handle, signal),
    );
  }

  async jobOptions(signal: AbortSignal): Promise<readonly JobOption[]> {
    return this.#do(signal, async () => Promise.resolve(jobOptions()));
  }

  location(handle: Handle): Location {
    const { project, region, jobId } = dataOf(handle);
    const url = `https://console.cloud.google.com/vertex-ai/locations/${region}/training/${jobId}?project=${encodeURIComponent(project)}`;
    return { kind: 'url', url, site: 'Google Cloud console' };
  }

  codeFolder(handle: Handle): string {
    return workFolder(keyOf(dataOf(handle)));
  }

  async dispose(): Promise<void> {
    this.#closed.abort(new ProviderError('transient', 'The connection was closed.'));
    this.#logs.dispose();
    await this.#access.dispose();
  }

  get #submitContext(): FindContext {
    const { clock, logger } = this.#ports;
    return {
      jobs: this.#jobs,
      submissions: this.#submissions,
      bucket: this.#bucket,
      regions: this.#settings.regions,
      clock,
      logger,
    };
  }

  /** Whoever ended without running could not do so itself. Never rejects, and keeps no answer waiting. */
  async #removeSecrets(handle: Handle): Promise<void> {
    const { signal } = this.#closed;
    try {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(secretsGoneWithinMs)]);
      await this.#bucket.remove(objectOf.secrets(keyOf(dataOf(handle))), soon);
    } catch (error) {
      if (!signal.aborted) {
        this.#ports.logger.warn(`the secrets of ${handle.id} could not be removed from the bucket`, error);
      }
    }
  }

  #handle(job: VertexJob, key: AttemptKey): Handle {
    return handleOf(job, key, this.#settings.project, this.#settings.bucket);
  }

  async #do<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return inContract(signal, this.#explain, async () => {
      this.#closed.signal.throwIfAborted();
      return work();
    });
  }

  #stream<T>(signal: AbortSignal, open: () => AsyncIterable<T>): AsyncIterable<T> {
    return streamInContract(signal, this.#explain, () => {
      this.#closed.signal.throwIfAborted();
      return open();
    });
  }

  readonly #explain = (error: unknown): ProviderError => apiError(error, this.#settings.project);
}
