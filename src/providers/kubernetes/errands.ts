import type { Logger } from '../../core/ports.ts';
import { type KubeApi, mergePatch } from './client/api.ts';
import { hasStatus } from './client/apiError.ts';
import { findArchive } from './code/archive.ts';
import { smallCodeBytes } from './code/staging.ts';
import { uploadCode } from './code/upload.ts';
import { type Job, nodeCount } from './model/job.ts';
import { container, endOf, isOver, type Pod, statusOf } from './model/pod.ts';
import { annotation } from './names.ts';
import type { Hints } from './observe/hints.ts';
import { currentPods, troubleOf } from './observe/observation.ts';
import { verdictPatch } from './observe/verdict.ts';
import { object, resource } from './paths.ts';
import { specOf } from './plan/specOf.ts';
import { collectResults } from './results/collect.ts';
import type { ResultStore } from './results/store.ts';
import type { Run } from './state/runs.ts';

export interface ErrandDeps {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly logger: Logger;
  readonly store: () => Promise<ResultStore>;
  /** Where archives of code are. */
  readonly codeFolder: () => Promise<string>;
  readonly now: () => number;
}

/** In ms. */
const retryAfter = { first: 2_000, longest: 60_000 };
/** A pod that waits for its code longer than this will not find it in the namespace. */
const missingAfter = 15_000;

/**
 * What runs need while they are looked after: code for pods that wait for it, each time such a pod appears; results of pods that
 * have ended; an end for what can never start. Each errand is run once at a time, in the background, and again later when it
 * failed; doing one twice, as two windows may, does no harm.
 */
export class Errands {
  readonly #deps: ErrandDeps;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, { readonly count: number; readonly nextAt: number }>();
  readonly #done = new Set<string>();
  /** Pods that wait for their code, by uid. */
  readonly #waitingSince = new Map<string, number>();
  /** Since when runs are seen in trouble, by the uid of their Job, and with which pods. */
  readonly #troubles = new Map<string, { readonly about: string; readonly since: number }>();
  readonly #ended = new AbortController();

  constructor(deps: ErrandDeps) {
    this.#deps = deps;
  }

  /** Starts what this run needs now. `name`: under which its results are kept. */
  consider(name: string, run: Run, hints: Hints): void {
    const { job } = run;
    if (job === null || job.metadata.deletionTimestamp) {
      return;
    }
    const pods = currentPods(run.pods);
    for (const pod of pods) {
      if (statusOf(pod, container.code)?.state?.running && !pod.metadata.deletionTimestamp) {
        this.#considerCode(job, pod);
      }
    }
    const keeping = pods.filter((pod) => statusOf(pod, container.results)?.state?.running);
    if (keeping.length > 0 && pods.every((pod) => endOf(pod, container.main) !== null || isOver(pod))) {
      this.#begin(`results ${job.metadata.uid}`, async (signal) => this.#collect(name, job, keeping, signal));
    }
    this.#considerEnd(job, pods, troubleOf(run, hints));
  }

  /** The cluster does not say since when a pod is in trouble: it counts from when it was first seen, anew for other pods. */
  #considerEnd(job: Job, pods: readonly Pod[], trouble: ReturnType<typeof troubleOf>): void {
    const { uid } = job.metadata;
    if (trouble === null) {
      return;
    }
    const now = this.#deps.now();
    const about = pods.map((pod) => pod.metadata.uid).join();
    const seen = this.#troubles.get(uid);
    const since = seen?.about === about ? seen.since : now;
    this.#troubles.set(uid, { about, since });
    if (now - since >= trouble.patience) {
      this.#begin(`end ${uid}`, async (signal) => {
        const { explanation, reason } = trouble;
        await this.#end(job, { state: 'failed', explanation, reason, at: now }, signal);
      });
    }
  }

  /** Lets go of what is under way. */
  async dispose(): Promise<void> {
    this.#ended.abort();
    await Promise.allSettled(this.#busy.values());
  }

  #begin(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    const failed = this.#failures.get(name);
    const isDue = failed === undefined || this.#deps.now() >= failed.nextAt;
    if (this.#busy.has(name) || this.#done.has(name) || !isDue || this.#ended.signal.aborted) {
      return;
    }
    const running = work(this.#ended.signal).then(
      () => {
        this.#done.add(name);
        this.#failures.delete(name);
      },
      (error: unknown) => {
        const count = (failed?.count ?? 0) + 1;
        const wait = Math.min(retryAfter.longest, retryAfter.first * 2 ** (count - 1));
        this.#failures.set(name, { count, nextAt: this.#deps.now() + wait });
        if (!this.#ended.signal.aborted) {
          this.#deps.logger.warn(`${name} could not be done yet`, error);
        }
      },
    );
    this.#busy.set(
      name,
      running.finally(() => this.#busy.delete(name)),
    );
  }

  /** Large code is sent at once. Small code is in the namespace, unless it went from there: then the pod waits on. */
  #considerCode(job: Job, pod: Pod): void {
    const { uid } = pod.metadata;
    const since = this.#waitingSince.get(uid) ?? this.#deps.now();
    this.#waitingSince.set(uid, since);
    this.#begin(`code ${uid}`, async (signal) => this.#sendCode(job, pod, smallCodeBytes, signal));
    if (this.#deps.now() - since > missingAfter) {
      this.#begin(`missing code ${uid}`, async (signal) => this.#sendCode(job, pod, 0, signal));
    }
  }

  /** Nothing happens where this machine does not have the code. */
  async #sendCode(job: Job, pod: Pod, above: number, signal: AbortSignal): Promise<void> {
    const { api, namespace, codeFolder } = this.#deps;
    const archive = await findArchive(await codeFolder(), job.metadata.annotations[annotation.snapshot] ?? '');
    if (archive !== null && archive.bytes > above) {
      await uploadCode(api, namespace, pod.metadata.name, archive, signal);
    }
  }

  async #collect(run: string, job: Job, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const { api, namespace, store, logger } = this.#deps;
    const spec = specOf(job);
    const isDone = await collectResults({
      api,
      namespace,
      store: await store(),
      run,
      pods,
      nodes: nodeCount(job),
      folder: spec.folder,
      globs: spec.outputs,
      signal,
    });
    if (!isDone) {
      logger.info(`the results of ${run} are large and wait in their pod`);
    }
  }

  async #end(job: Job, verdict: Parameters<typeof verdictPatch>[0], signal: AbortSignal): Promise<void> {
    const { api, namespace } = this.#deps;
    const { name, uid } = job.metadata;
    try {
      const body = verdictPatch(verdict, uid);
      await api.json('PATCH', object(resource.jobs, namespace, name), { body, contentType: mergePatch }, signal);
    } catch (error) {
      if (!hasStatus(error, 404, 409)) {
        throw error;
      }
    }
  }
}
