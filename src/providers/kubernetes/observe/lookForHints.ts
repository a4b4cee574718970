import * as z from 'zod/mini';
import type { Clock } from '../../../core/ports.ts';
import type { KubeApi } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { type Event, eventSchema } from '../model/event.ts';
import { jobUidLabel, kueueGroup, kueueVersions, type Workload, workloadSchema } from '../model/kueue.ts';
import { queueOf, workloadOwner } from '../model/job.ts';
import { holds, timeOf } from '../model/meta.ts';
import { nodeSchema } from '../model/node.ts';
import { container, isOver, type Pod, statusOf } from '../model/pod.ts';
import { collection, resource } from '../paths.ts';
import { listAll } from '../state/listing.ts';
import type { Run } from '../state/runs.ts';
import type { Hints } from './hints.ts';
import { slowStart } from './waiting.ts';

/**
 * How old an answer may be, in ms: it costs a request however many wait. While runs are watched, each of their changes comes by
 * itself; others that wait are reason enough to ask again, but not at each of them.
 */
const fresh = { unwatched: 2_000, watched: 60_000, aboutOthers: 5_000 };

type Question = 'jobEvents' | 'podEvents' | 'workloads' | 'nodes';

/**
 * Asks for what explains why runs wait, only as far as some of them do: one request for each kind of question, and not again
 * for a while. What may not be asked is left out.
 */
export class HintSource {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #answers = new Map<Question, { readonly at: number; readonly about: string; readonly answer: unknown }>();
  readonly #refused = new Set<Question>();

  constructor(api: KubeApi, namespace: string, clock: Clock) {
    this.#api = api;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  async hintsFor(runs: readonly Run[], isWatched: boolean, signal: AbortSignal): Promise<Hints> {
    const now = this.#clock.now();
    const within = isWatched
      ? { same: fresh.watched, others: fresh.aboutOthers }
      : { same: fresh.unwatched, others: fresh.unwatched };
    const unmade = runs.filter(lacksPods);
    const slow = runs.flatMap(({ pods }) => pods).filter((pod) => isUnexplained(pod, now));
    const queued = runs.filter(({ job }) => job?.spec.suspend === true && queueOf(job) !== null);
    const silent = [
      ...new Set(
        runs
          .flatMap(({ pods }) => pods)
          .filter(seemsLost)
          .flatMap(({ spec }) => spec.nodeName ?? []),
      ),
    ];
    const ask = async <T>(question: Question, about: readonly string[], empty: T, work: () => Promise<T>): Promise<T> =>
      about.length === 0 ? empty : this.#remembered(question, about.toSorted().join(), within, empty, work);
    const jobNames = unmade.flatMap(({ job }) => job?.metadata.name ?? []);
    const [jobEvents, podEvents, workloads, lostNodes] = await Promise.all([
      ask('jobEvents', jobNames, [], async () => this.#events('involvedObject.kind=Job,reason=FailedCreate', signal)),
      ask(
        'podEvents',
        slow.map(({ metadata }) => metadata.name),
        [],
        async () => this.#events('involvedObject.kind=Pod', signal),
      ),
      ask(
        'workloads',
        queued.flatMap(({ job }) => (job === null ? [] : workloadOwner(job))),
        null,
        async () => this.#workloads(signal),
      ),
      ask('nodes', silent, new Set<string>(), async () => this.#lost(silent, signal)),
    ]);
    return {
      events: Map.groupBy(
        [...jobEvents, ...podEvents].toSorted((a, b) => (eventTime(a) ?? 0) - (eventTime(b) ?? 0)),
        ({ involvedObject }) => involvedObject.name ?? '',
      ),
      workloads,
      lostNodes,
    };
  }

  async #remembered<T>(
    question: Question,
    about: string,
    within: { readonly same: number; readonly others: number },
    empty: T,
    work: () => Promise<T>,
  ): Promise<T> {
    const known = this.#answers.get(question);
    const age = this.#clock.now() - (known?.at ?? Number.NEGATIVE_INFINITY);
    if (this.#refused.has(question)) {
      return empty;
    }
    if (known !== undefined && age >= 0 && age < (known.about === about ? within.same : within.others)) {
      return known.answer as T;
    }
    try {
      const answer = await work();
      this.#answers.set(question, { at: this.#clock.now(), about, answer });
      return answer;
    } catch (error) {
      if (!hasStatus(error, 403, 404)) {
        throw error;
      }
      this.#refused.add(question);
      return empty;
    }
  }

  async #events(fieldSelector: string, signal: AbortSignal): Promise<readonly Event[]> {
    const list = await listAll(this.#api, collection(resource.events, this.#namespace), { fieldSelector }, signal, 4);
    return (list?.items ?? []).flatMap((item) => z.safeParse(eventSchema, item).data ?? []);
  }

  async #workloads(signal: AbortSignal): Promise<ReadonlyMap<string, Workload> | null> {
    for (const version of kueueVersions) {
      const base = `/apis/${kueueGroup}/${version}`;
      try {
        const path = collection({ base, plural: 'workloads' }, this.#namespace);
        const list = await listAll(this.#api, path, { labelSelector: jobUidLabel }, signal);
        const workloads = (list?.items ?? []).flatMap((item) => z.safeParse(workloadSchema, item).data ?? []);
        return new Map(workloads.map((workload) => [workload.metadata.labels[jobUidLabel] ?? '', workload]));
      } catch (error) {
        if (!hasStatus(error, 404)) {
          throw error;
        }
      }
    }
    return null;
  }

  async #lost(names: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const lost = await Promise.all(
      names.slice(0, 20).map(async (name) => {
        try {
          const node = z.safeParse(nodeSchema, await this.#api.json('GET', `/api/v1/nodes/${name}`, {}, signal)).data;
          const ready = node?.status.conditions?.find(({ type }) => type === 'Ready');
          return ready !== undefined && ready.status === 'Unknown' ? [name] : [];
        } catch (error) {
          if (hasStatus(error, 404)) {
            return [name];
          }
          throw error;
        }
      }),
    );
    return new Set(lost.flat());
  }
}

function eventTime({ lastTimestamp, eventTime: at, metadata }: Event): number | null {
  return timeOf(lastTimestamp ?? at ?? metadata.creationTimestamp);
}

function isLive({ job }: Run): boolean {
  const conditions = job?.status.conditions;
  return (
    job !== null &&
    !job.metadata.deletionTimestamp &&
    holds(conditions, 'Complete') === undefined &&
    holds(conditions, 'Failed') === undefined
  );
}

/** The Job controller has not made all of its pods, and may be kept from it. */
function lacksPods(run: Run): boolean {
  return isLive(run) && run.job?.spec.suspend !== true && run.pods.length < (run.job?.spec.completions ?? 1);
}

/** Its own status does not tell why it has not started: it waits for a node that may be on its way, or something hangs. */
function isUnexplained(pod: Pod, now: number): boolean {
  if (pod.status.phase !== 'Pending' || pod.metadata.deletionTimestamp) {
    return false;
  }
  if (!pod.spec.nodeName) {
    return (
      pod.status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable') === true
    );
  }
  const waits = statusOf(pod, container.main)?.state?.waiting?.reason;
  const since = timeOf(pod.status.startTime) ?? timeOf(pod.metadata.creationTimestamp) ?? now;
  const isPreparing = waits === undefined || waits === 'ContainerCreating' || waits === 'PodInitializing';
  return isPreparing && now - since > slowStart;
}

/** The control plane says that a running pod is not ready: ours have no probes, so its node is away. */
function seemsLost(pod: Pod): boolean {
  const ready = pod.status.conditions?.find(({ type }) => type === 'Ready');
  return !isOver(pod) && Boolean(statusOf(pod, container.main)?.state?.running) && ready?.status === 'False';
}
