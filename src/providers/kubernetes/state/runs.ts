import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Json, JsonObject } from '../../../core/provider.ts';
import type { KubeApi } from '../client/api.ts';
import { type Job, jobSchema } from '../model/job.ts';
import { type Pod, podSchema } from '../model/pod.ts';
import { jobName, keyOfLabels, keyOfName, labelsOf, managedSelector } from '../names.ts';
import { collection, resource } from '../paths.ts';
import { listAll } from './listing.ts';
import { WatchedList } from './watchedList.ts';

/** An object of the cluster as we read it and as it came. */
interface Seen<T> {
  readonly name: string;
  /** Name of the attempt's Job, by the labels; those of a JobSet have another name. */
  readonly run: string;
  readonly object: T;
  /** The status as received. */
  readonly raw: Json;
}

/** What the cluster has of one attempt. */
export interface Run {
  readonly job: Job | null;
  /** Oldest first. */
  readonly pods: readonly Pod[];
  readonly native: Json;
}

export interface AllRuns {
  get(name: string): Run | undefined;
  readonly names: readonly string[];
  /** When this was true. */
  readonly seenAt: EpochMs;
}

const statusSchema = z.object({ status: z.optional(z.json()) });

function seenJob(raw: unknown): Seen<Job> | null {
  return seen(jobSchema, raw);
}

function seenPod(raw: unknown): Seen<Pod> | null {
  return seen(podSchema, raw);
}

function seen<T extends { metadata: { name: string; labels: Record<string, string> } }>(
  schema: { safeParse(value: unknown): { data?: T | undefined } },
  raw: unknown,
): Seen<T> | null {
  const object = schema.safeParse(raw).data;
  const key = object === undefined ? null : keyOfLabels(object.metadata.labels);
  return object === undefined || key === null
    ? null
    : {
        name: object.metadata.name,
        run: jobName(key),
        object,
        raw: z.safeParse(statusSchema, raw).data?.status ?? null,
      };
}

/** All runs of ours in one namespace, listed when asked for, or kept up to date while somebody watches. */
export class Runs {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #clock: Clock;
  #live: Watching | null = null;

  constructor(api: KubeApi, namespace: string, clock: Clock) {
    this.#api = api;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  /** Without a request while somebody watches, else with one list of Jobs and one of pods. */
  async all(signal: AbortSignal): Promise<AllRuns> {
    return this.#live?.isLive === true
      ? { ...allOf(this.#live.jobs.values(), this.#live.pods.values()), seenAt: this.#clock.now() }
      : this.listed(signal);
  }

  /** From the cluster itself, whoever watches. */
  async listed(signal: AbortSignal): Promise<AllRuns> {
    const seenAt = this.#clock.now();
    const [jobs, pods] = await Promise.all([
      listAll(this.#api, this.#path('jobs'), { labelSelector: managedSelector }, signal),
      listAll(this.#api, this.#path('pods'), { labelSelector: managedSelector }, signal),
    ]);
    return {
      ...allOf(
        (jobs?.items ?? []).flatMap((item) => seenJob(item) ?? []),
        (pods?.items ?? []).flatMap((item) => seenPod(item) ?? []),
      ),
      seenAt,
    };
  }

  /** One run, from the cluster itself. */
  async fresh(name: string, signal: AbortSignal): Promise<Run> {
    const key = keyOfName(name);
    if (key === null) {
      return { job: null, pods: [], native: null };
    }
    const labelSelector = Object.entries(labelsOf(key))
      .map((pair) => pair.join('='))
      .join();
    const [jobs, pods] = await Promise.all([
      listAll(this.#api, this.#path('jobs'), { labelSelector }, signal),
      listAll(this.#api, this.#path('pods'), { labelSelector }, signal),
    ]);
    const all = allOf(
      (jobs?.items ?? []).flatMap((item) => seenJob(item) ?? []),
      (pods?.items ?? []).flatMap((item) => seenPod(item) ?? []),
    );
    return all.get(name) ?? { job: null, pods: [], native: null };
  }

  /** One run, without a request while somebody watches. */
  async one(name: string, signal: AbortSignal): Promise<Run> {
    const known = this.#live?.isLive === true ? runOf(this.#live.jobs.values(), this.#live.pods.values(), name) : null;
    return known !== null && known.job !== null ? known : this.fresh(name, signal);
  }

  /** Resolves when something changed about that run while somebody watches; else, and at the latest, after `ms`. */
  async changed(name: string, ms: number, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const either = AbortSignal.any([signal, late.signal]);
    const stop = this.#live?.listen((run) => {
      if (run === name) {
        late.abort();
      }
    });
    await delay(ms, undefined, { signal: either }).catch(() => undefined);
    stop?.();
    signal.throwIfAborted();
  }

  /** True while `all` needs no request. */
  get isLive(): boolean {
    return this.#live?.isLive === true;
  }

  /**
   * Names of runs that changed, those of a burst at once and all there are first. Ends with the signal, or rejects when the
   * cluster cannot be asked.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly string[], void> {
    const changed = new Set<string>();
    let arrived = Promise.withResolvers<void>();
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const watching = new Watching(this.#api, this.#path('jobs'), this.#path('pods'), () => {
      // Also when there is nothing in it: the other list may have waited for this one.
      arrived.resolve();
    });
    const unlisten = watching.listen((run) => {
      changed.add(run);
      arrived.resolve();
    });
    let failure: { readonly error: unknown } | null = null;
    const running = watching.run(either).catch((error: unknown) => {
      failure = { error };
      arrived.resolve();
    });
    this.#live = watching;
    try {
      for (;;) {
        await arrived.promise;
        arrived = Promise.withResolvers();
        // Both lists first: half of the truth is none.
        while (changed.size > 0 && watching.isLive) {
          const names = [...changed];
          changed.clear();
          yield names;
        }
        signal.throwIfAborted();
        if (failure !== null) {
          throw (failure as { readonly error: unknown }).error;
        }
      }
    } finally {
      if (this.#live === watching) {
        this.#live = null;
      }
      unlisten();
      stop.abort();
      await running;
    }
  }

  #path(of: 'jobs' | 'pods'): string {
    return collection(resource[of], this.#namespace);
  }
}

/** The two lists of one watch. */
class Watching {
  readonly jobs: WatchedList<Seen<Job>>;
  readonly pods: WatchedList<Seen<Pod>>;
  readonly #listeners = new Set<(run: string) => void>();

  constructor(api: KubeApi, jobs: string, pods: string, onListed: () => void) {
    const onChange = ({ run }: { readonly run: string }): void => {
      for (const listener of this.#listeners) {
        listener(run);
      }
    };
    const common = { api, labelSelector: managedSelector, onChange, onListed };
    this.jobs = new WatchedList({ ...common, path: jobs, parse: seenJob });
    this.pods = new WatchedList({ ...common, path: pods, parse: seenPod });
  }

  get isLive(): boolean {
    return this.jobs.isLive && this.pods.isLive;
  }

  listen(listener: (run: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Pods come after Jobs, so that what is told of a run has its Job. */
  async run(signal: AbortSignal): Promise<never> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    try {
      return await Promise.race([this.jobs.run(either), this.pods.run(either)]);
    } finally {
      stop.abort();
    }
  }
}

function allOf(jobs: Iterable<Seen<Job>>, pods: Iterable<Seen<Pod>>): Omit<AllRuns, 'seenAt'> {
  const podsByRun = Map.groupBy(pods, ({ run }) => run);
  const jobsByRun = new Map([...jobs].map((job) => [job.run, job]));
  const names = [...new Set([...jobsByRun.keys(), ...podsByRun.keys()])];
  return { names, get: (name) => assembled(jobsByRun.get(name), podsByRun.get(name) ?? []) };
}

function runOf(jobs: Iterable<Seen<Job>>, pods: Iterable<Seen<Pod>>, name: string): Run | null {
  const job = [...jobs].find(({ run }) => run === name);
  return (
    assembled(
      job,
      [...pods].filter(({ run }) => run === name),
    ) ?? null
  );
}

function assembled(job: Seen<Job> | undefined, pods: readonly Seen<Pod>[]): Run | undefined {
  if (job === undefined && pods.length === 0) {
    return undefined;
  }
  const sorted = pods.toSorted((a, b) => {
    const [first, second] = [a, b].map(({ object }) => object.metadata.creationTimestamp ?? '');
    return first === second ? (a.name < b.name ? -1 : 1) : (first ?? '') < (second ?? '') ? -1 : 1;
  });
  const native: JsonObject = {
    job: job === undefined ? null : { name: job.name, uid: job.object.metadata.uid, status: job.raw },
    pods: sorted.map(({ name, object, raw }) => ({ name, node: object.spec.nodeName ?? null, status: raw })),
  };
  return { job: job?.object ?? null, pods: sorted.map(({ object }) => object), native };
}
