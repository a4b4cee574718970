import { RequestControl } from '../wire/requestControl.ts';
import type { ArmError } from './armError.ts';
import type { FaultPlan, RequestInfo, RequestMatch } from './faults.ts';
import type { Job } from './jobs/job.ts';
import type { ImageBuild } from './jobs/jobRun.ts';
import type { Catalog } from './resources/catalog.ts';
import type { AzureServer } from './server.ts';
import type { Storage } from './storage/storage.ts';
import type { StorageProxy } from './storage/storageProxy.ts';
import { type Compute, type Workspace, type World, now } from './world.ts';

interface ControlParts {
  readonly world: World;
  readonly faults: FaultPlan;
  readonly server: AzureServer;
  readonly proxy: StorageProxy;
  readonly az: { refusal: string | null; calls: number };
}

/** What a test can make Azure do. */
export class Control extends RequestControl<RequestInfo, RequestMatch, ArmError> {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    super(parts.faults);
    this.#parts = parts;
  }

  /** What machines the region has, and the quotas. */
  get catalog(): Catalog {
    return this.#parts.world.catalog;
  }

  get storage(): Storage {
    return this.#parts.world.storage;
  }

  get workspaces(): readonly Workspace[] {
    return this.#parts.world.workspaces;
  }

  /** Cuts every open connection, those to storage too. */
  cutConnections(): void {
    this.#parts.server.cutAll();
  }

  // Who may come in.

  /** What `az` refuses with from now on; null: it gives tokens. */
  refuseAz(error: string | null): void {
    this.#parts.az.refusal = error;
  }

  /** `az` is as after `az logout`. */
  signOut(): void {
    this.refuseAz("Please run 'az login' to setup account.");
  }

  /** How often `az` was run. */
  get azCalls(): number {
    return this.#parts.az.calls;
  }

  /** Every token that was given out so far is refused from now on. */
  expireTokens(): void {
    this.#parts.world.tokens.expireAll(now(this.#parts.world));
  }

  /** How long tokens last from now on, in ms. */
  setTokenLifetime(ms: number): void {
    this.#parts.world.tokens.lifetime = ms;
  }

  /** Actions such as `Microsoft.MachineLearningServices/workspaces/jobs/write` that the person has no right to; null: none. */
  deny(actions: RegExp | null): void {
    this.#parts.world.isDenied = (action) => actions?.test(action) === true;
  }

  /** Whether datastores have the key of their storage account; else people are let in as themselves. */
  keepSecrets(does: boolean): void {
    this.#parts.world.keepsSecrets = does;
  }

  /** Every signed URL that was given out or used so far is refused from now on. */
  expireSignatures(): void {
    this.storage.expireSignatures();
  }

  /** A range that begins at the end of a blob gets 206 and nothing, as from Azurite, in place of Azure's 416. */
  answerEmptyRanges(does: boolean): void {
    this.#parts.proxy.answersEmptyRanges = does;
  }

  /** How far Azure's clocks are ahead of this machine's, in ms. */
  skewClock(ms: number): void {
    this.#parts.world.clockSkewMs = ms;
  }

  /** Jobs, artifacts on a page of a list. */
  setPageSize(size: number): void {
    this.#parts.world.pageSize = size;
  }

  /** A cluster in a workspace, the first where none is named. */
  addCompute(compute: Partial<Compute> & { readonly name: string }, workspace = this.workspaces[0]): void {
    workspace?.computes.set(compute.name, {
      vmSize: 'Standard_DS3_v2',
      vmPriority: 'Dedicated',
      maxNodes: 4,
      error: null,
      ...compute,
    });
  }

  // Jobs.

  job(name: string, workspace = this.workspaces[0]): Job {
    const job = workspace === undefined ? undefined : this.#parts.world.jobs.find(workspace, name);
    if (job === undefined) {
      throw new Error(`There is no job ${name}.`);
    }
    return job;
  }

  jobs(workspace = this.workspaces[0]): readonly Job[] {
    return workspace === undefined ? [] : this.#parts.world.jobs.list(workspace);
  }

  /** What is queued stays so until the returned function is called. */
  holdQueue(): () => void {
    const before = this.#parts.world.jobs.isHeld;
    this.#parts.world.jobs.isHeld = () => true;
    return () => {
      this.#parts.world.jobs.isHeld = before;
    };
  }

  /** No machine ever comes for these jobs. */
  withholdCapacity(from: (job: Job) => boolean): void {
    this.#parts.world.jobs.isHeld = from;
  }

  /** Jobs need an image built first; null: none does. */
  buildImages(build: ImageBuild | null): void {
    this.#parts.world.jobs.imageBuild = build;
  }

  /** A spot machine is taken away: the job goes back to the queue and begins anew. */
  preempt(name: string): void {
    const job = this.job(name);
    this.#parts.world.jobs.run(job.workspace, name)?.interrupt('preempt');
  }

  /** Whether anything is heard of the job's machines; nothing happens to the job itself. */
  setHeartbeat(name: string, isHeard: boolean): void {
    this.job(name).become(isHeard ? 'Running' : 'NotResponding');
  }

  /** Writes into a log of the job as Azure's own programs do. */
  writeLog(name: string, path: string, text: string | Buffer): void {
    this.job(name).logs.write(path, text);
  }
}
