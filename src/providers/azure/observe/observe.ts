import type { Clock } from '../../../core/ports.ts';
import type { Handle, Observation } from '../../../core/provider.ts';
import { isProviderError, isRetryable } from '../../../core/providerError.ts';
import type { AzureApi } from '../client/api.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import type { RunDetails, RunHistory } from '../client/runHistory.ts';
import { dataOf } from '../handle.ts';
import { type Job, timeOf } from '../job.ts';
import type { JobSecrets } from '../jobSecrets.ts';
import { type Cluster, clustersIfAllowed } from '../offers/clusters.ts';
import { getJob } from '../submit/submit.ts';
import { findJobs } from './findJobs.ts';
import { hasBegun, isBefore, isEnded, isWaiting, observationOf, stateOf, unseen } from './observation.ts';
import { explainWait, isOnSpot } from './waiting.ts';

export interface ObserveDeps {
  readonly api: AzureApi;
  readonly history: Pick<RunHistory, 'details'>;
  readonly secrets: JobSecrets;
  /** Resource id of the workspace. */
  readonly workspaceId: string;
  readonly clock: Clock;
}

/** How long a job waits before its run history is asked why, and how often, in ms. */
const askWhyAfter = 20_000;
const askWhyEvery = 60_000;
/** How long an answer about the clusters serves, in ms. */
const clustersServe = 30_000;
/** The end of a job is held back so long, in ms, while its run history cannot say how it came. */
const holdsBack = 5 * 60_000;
const mostRemembered = 2000;

interface Known {
  hasRun: boolean;
  startedAt: number | null;
  /** Of the end, or the last that were asked for while it waited. */
  details: RunDetails | null;
  isFinal: boolean;
  /** When the run history first could not say how it ended. */
  heldSince: number | null;
  /** What the run history says in place of that. */
  trouble: string | null;
  askedAt: number;
  isClean: boolean;
}

/** Observes all jobs of a connection by one list, and asks about a single one only when it starts, ends, or waits long. */
export class Observer {
  readonly #deps: ObserveDeps;
  readonly #known = new Map<string, Known>();
  /** When jobs were asked for by their names. */
  readonly #singlyAsked = new Map<string, number>();
  #clusters: { readonly list: readonly Cluster[] | null; readonly at: number } | null = null;

  constructor(deps: ObserveDeps) {
    this.#deps = deps;
  }

  async observe(handles: readonly Handle[], signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    if (handles.length === 0) {
      return new Map();
    }
    const observedAt = this.#deps.clock.now();
    const { api, workspaceId } = this.#deps;
    const wanted = handles.map(({ id }) => id);
    const { jobs, unasked } = await findJobs(api, workspaceId, wanted, this.#singlyAsked, observedAt, signal);
    const observations = new Map<string, Observation>();
    await eachAtOnce(8, handles, async (handle) => {
      const job = jobs.get(handle.id);
      const why = unasked.get(handle.id);
      if (job !== undefined) {
        observations.set(handle.id, await this.#observation(handle, job, observedAt, signal));
      } else if (why !== undefined) {
        observations.set(handle.id, unseen(why, observedAt));
      } else if (!this.#deps.secrets.mayAppear(handle.id)) {
        // It was deleted, which leaves its secrets behind.
        await this.#clean(handle, this.#remember(handle.id), signal);
      }
    });
    await this.#cleanLeft(jobs, signal);
    return observations;
  }

  async #observation(handle: Handle, job: Job, observedAt: number, signal: AbortSignal): Promise<Observation> {
    const known = this.#remember(job.name);
    const state = stateOf(job);
    const isKnown = await this.#askDetails(job, known, observedAt, signal);
    known.hasRun ||= state === 'running' || hasBegun(job, known.details);
    if (known.hasRun || !isBefore(state)) {
      known.startedAt = timeOf(known.details?.startTimeUtc) ?? known.startedAt;
    }
    if (isEnded(state)) {
      await this.#clean(handle, known, signal);
    }
    const mayBeBack = known.hasRun && state === 'provisioning';
    const lookedAt = isWaiting(state) || mayBeBack ? await this.#clustersFor(job, signal) : null;
    const seen = {
      job,
      details: isEnded(state) || isWaiting(state) ? known.details : null,
      past: { startedAt: known.startedAt, hasRun: known.hasRun },
      isSpot: isOnSpot(job, lookedAt),
      waiting: isWaiting(state) ? explainWait(job, lookedAt, known.details) : null,
      observedAt,
    };
    const observation = observationOf(seen);
    // The end is told once all of it is known, so that it is the same for whoever asks.
    if (!isKnown) {
      return { ...observation, state: 'unknown', endedAt: null, exitCode: null, signal: null };
    }
    return { ...observation, reason: observation.reason ?? (state === 'succeeded' ? null : known.trouble) };
  }

  #remember(name: string): Known {
    const known = this.#known.get(name) ?? {
      hasRun: false,
      startedAt: null,
      details: null,
      isFinal: false,
      heldSince: null,
      trouble: null,
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
        : isWaiting(state) && Math.abs(waitedFor) > askWhyAfter && Math.abs(now - known.askedAt) > askWhyEvery;
    if (!isDue) {
      return true;
    }
    known.askedAt = now;
    try {
      known.details = await this.#deps.history.details(job.name, signal);
      known.isFinal = isEnded(state);
      known.trouble = null;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!isEnded(state)) {
        return true;
      }
      known.heldSince ??= now;
      known.details = null;
      known.trouble = textOf(error);
      return (isProviderError(error) && !isRetryable(error)) || Math.abs(now - known.heldSince) > holdsBack;
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
    if (!known.isClean && dataOf(handle).hasSecrets) {
      known.isClean = await this.#deps.secrets.remove(dataOf(handle).name, signal);
    }
  }

  /** Secrets that could not be taken away before, or whose jobs nobody asks about. */
  async #cleanLeft(jobs: ReadonlyMap<string, Job>, signal: AbortSignal): Promise<void> {
    const { api, secrets, workspaceId } = this.#deps;
    for (const name of secrets.due()) {
      try {
        const job = jobs.get(name) ?? (await getJob(api, `${workspaceId}/jobs/${name}`, signal));
        const isNeeded = job !== null && !isEnded(stateOf(job));
        if (isNeeded || !(await secrets.remove(name, signal))) {
          await secrets.later(name);
        }
      } catch {
        signal.throwIfAborted();
        await secrets.later(name);
      }
    }
  }
}

function textOf(error: unknown): string {
  return isProviderError(error) ? (error.raw ?? error.message) : String(error);
}
