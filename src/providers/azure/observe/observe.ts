import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import type { AzureApi } from '../client/api.ts';
import { eachAtOnce } from '../client/eachAtOnce.ts';
import type { RunDetails, RunHistory } from '../client/runHistory.ts';
import type { Workspace } from '../client/workspace.ts';
import { dataOf } from '../handle.ts';
import { type Job, parseJob, timeOf } from '../job.ts';
import { stored } from '../names.ts';
import { type Cluster, clustersIfAllowed } from '../offers/clusters.ts';
import { getJob } from '../submit/submit.ts';
import { isEnded, isWaiting, observationOf, stateOf } from './observation.ts';
import { explainWait } from './waiting.ts';

export interface ObserveDeps {
  readonly api: AzureApi;
  readonly history: RunHistory;
  readonly workspace: Workspace;
  /** Resource id of the workspace. */
  readonly workspaceId: string;
  readonly clock: Clock;
}

/** The list is newest first: what is not on these pages is asked for by its name. */
const mostPages = 4;
/** How long a job waits before its run history is asked why, and how often, in ms. */
const askWhyAfter = 20_000;
const askWhyEvery = 60_000;
/** How long an answer about the clusters serves, in ms. */
const clustersServe = 30_000;
const mostRemembered = 2000;

interface Known {
  hasRun: boolean;
  startedAt: number | null;
  /** Of the end, or the last that were asked for while it waited. */
  details: RunDetails | null;
  isFinal: boolean;
  askedAt: number;
  isClean: boolean;
}

/** Observes all jobs of a connection by one list, and asks about a single one only when it starts, ends, or waits long. */
export class Observer {
  readonly #deps: ObserveDeps;
  readonly #known = new Map<string, Known>();
  #clusters: { readonly list: readonly Cluster[] | null; readonly at: number } | null = null;

  constructor(deps: ObserveDeps) {
    this.#deps = deps;
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    if (handles.length === 0) {
      return new Map();
    }
    const observedAt = this.#deps.clock.now();
    const jobs = await this.#jobs(new Set(handles.map(({ id }) => id)), signal);
    const observations = new Map<string, Observation>();
    await eachAtOnce(8, handles, async (handle) => {
      const job = jobs.get(handle.id);
      if (job !== undefined) {
        observations.set(handle.id, await this.#observation(handle, job, observedAt, signal));
      }
    });
    return observations;
  }

  async #jobs(wanted: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, Job>> {
    const { api, workspaceId } = this.#deps;
    const found = new Map<string, Job>();
    const query = { jobType: 'Command', tag: 'aloft', listViewType: 'All' };
    let page = 0;
    for await (const items of api.pages(`${workspaceId}/jobs`, { query }, signal)) {
      for (const job of items.map(parseJob)) {
        if (wanted.has(job.name)) {
          found.set(job.name, job);
        }
      }
      page += 1;
      if (found.size === wanted.size || page >= mostPages) {
        break;
      }
    }
    const missing = [...wanted].filter((name) => !found.has(name));
    await eachAtOnce(8, missing, async (name) => {
      const job = await getJob(api, `${workspaceId}/jobs/${name}`, signal);
      if (job !== null) {
        found.set(name, job);
      }
    });
    return found;
  }

  async #observation(handle: Handle, job: Job, observedAt: number, signal: AbortSignal): Promise<Observation> {
    const known = this.#remember(job.name);
    const state = stateOf(job);
    known.hasRun ||= state === 'running';
    const isKnown = await this.#askDetails(job, known, observedAt, signal);
    known.startedAt = timeOf(known.details?.startTimeUtc) ?? known.startedAt;
    if (isEnded(state)) {
      await this.#clean(handle, known, signal);
    }
    const seen = {
      job,
      details: isEnded(state) || isWaiting(state) ? known.details : null,
      past: { startedAt: known.startedAt, hasRun: known.hasRun },
      waiting: isWaiting(state) ? explainWait(job, await this.#clustersFor(job, signal), known.details) : null,
      observedAt,
    };
    const observation = observationOf(seen);
    // The end is told once all of it is known, so that it is the same for whoever asks.
    return isKnown ? observation : { ...observation, state: 'unknown', endedAt: null, exitCode: null, signal: null };
  }

  #remember(name: string): Known {
    const known = this.#known.get(name) ?? {
      hasRun: false,
      startedAt: null,
      details: null,
      isFinal: false,
      askedAt: 0,
      isClean: false,
    };
    this.#known.delete(name);
    this.#known.set(name, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostRemembered) {
        break;
      }
      this.#known.delete(oldest);
    }
    return known;
  }

  /** False when the job has ended and how could not be asked. */
  async #askDetails(job: Job, known: Known, now: number, signal: AbortSignal): Promise<boolean> {
    const state = stateOf(job);
    const waitedFor = now - (timeOf(job.systemData?.createdAt) ?? now);
    const isDue = isEnded(state)
      ? !known.isFinal
      : state === 'running' || state === 'cancelling'
        ? known.startedAt === null && Math.abs(now - known.askedAt) > 5000
        : isWaiting(state) && waitedFor > askWhyAfter && Math.abs(now - known.askedAt) > askWhyEvery;
    if (!isDue) {
      return true;
    }
    known.askedAt = now;
    try {
      known.details = await this.#deps.history.details(job.name, signal);
      known.isFinal = isEnded(state);
      return true;
    } catch {
      signal.throwIfAborted();
      return !isEnded(state);
    }
  }

  async #clustersFor({ properties: { computeId } }: Job, signal: AbortSignal): Promise<readonly Cluster[] | null> {
    const { api, clock, workspaceId } = this.#deps;
    if (!computeId) {
      return null;
    }
    const now = clock.now();
    if (this.#clusters === null || Math.abs(now - this.#clusters.at) > clustersServe) {
      this.#clusters = { list: this.#clusters?.list ?? null, at: now };
      try {
        this.#clusters = { list: await clustersIfAllowed(api, workspaceId, signal), at: now };
      } catch {
        // Why it waits is worth less than that it waits.
        signal.throwIfAborted();
      }
    }
    return this.#clusters.list;
  }

  /** Its secrets are of no more use. */
  async #clean(handle: Handle, known: Known, signal: AbortSignal): Promise<void> {
    if (known.isClean || !dataOf(handle).hasSecrets) {
      return;
    }
    try {
      const { container } = await this.#deps.workspace.defaultStore(signal);
      await container.delete(stored.secrets(dataOf(handle).name), signal);
      known.isClean = true;
    } catch {
      signal.throwIfAborted();
    }
  }
}
