import { ApiError } from '../api/status.ts';
import { hasCondition, setCondition } from '../objects/conditions.ts';
import { jobs, pods } from '../objects/resources.ts';
import type { Job, JobStatus, Pod } from '../objects/types.ts';
import type { ControlContext } from './context.ts';
import { type Outcome, countEnded, failureOf, hasFailed } from './jobFailure.ts';
import { wantedIndexes } from './jobIndexes.ts';
import { podFor } from './jobPod.ts';
import { isFinished, isOver, trackingFinalizer } from './jobState.ts';
import { ownerOf } from '../objects/owners.ts';

const source = { component: 'job-controller' };

/** One look at one Job. */
export class JobSync {
  readonly #context: ControlContext;
  readonly #job: Job;
  readonly #pods: readonly Pod[];
  readonly #status: JobStatus;

  constructor(context: ControlContext, job: Job) {
    this.#context = context;
    this.#job = job;
    this.#status = structuredClone(job.status);
    this.#pods = context.store
      .list(pods, job.metadata.namespace)
      .filter((pod) => ownerOf(pod)?.uid === job.metadata.uid);
  }

  /** After how many ms to look again though nothing has changed; null: not at all. */
  run(): number | null {
    if (isFinished(this.#job)) {
      this.#pods.forEach((pod) => this.#release(pod));
      return this.#expire();
    }
    const { clock } = this.#context;
    const { spec } = this.#job;
    const isSuspended = spec.suspend === true;
    const isLeaving = this.#job.metadata.deletionTimestamp !== undefined;
    if (!isSuspended) {
      this.#status.startTime ??= clock.seconds();
    }
    const counted = countEnded(this.#job, this.#status, this.#pods);
    const msToDeadline = isSuspended ? null : this.#msToDeadline();
    const failure = failureOf(this.#job, this.#status, this.#pods, counted, msToDeadline);
    const isDone = failure === null && this.#isComplete();
    let again: number | null = null;
    if (failure !== null) {
      this.#fail(failure);
    } else if (isDone) {
      this.#complete();
    } else if (isSuspended) {
      this.#suspend();
    } else if (!isLeaving) {
      this.#resume();
      again = this.#manage();
    }
    this.#store(counted);
    return again ?? this.#untilDeadline();
  }

  #isComplete(): boolean {
    const { completions } = this.#job.spec;
    const succeeded = this.#status.succeeded ?? 0;
    if (hasCondition(this.#status.conditions, 'SuccessCriteriaMet')) {
      return true;
    }
    return completions === undefined ? succeeded > 0 && this.#active().length === 0 : succeeded >= completions;
  }

  #fail(outcome: Outcome): void {
    this.#set('FailureTarget', outcome);
    this.#active().forEach((pod) => this.#delete(pod));
    if (this.#allEnded()) {
      this.#set('Failed', outcome);
      this.#say('Warning', outcome.reason, outcome.message);
    }
  }

  #complete(): void {
    const outcome = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
    this.#set('SuccessCriteriaMet', outcome);
    this.#active().forEach((pod) => this.#delete(pod));
    if (this.#allEnded()) {
      this.#set('Complete', outcome);
      this.#status.completionTime = this.#context.clock.seconds();
      this.#say('Normal', 'Completed', 'Job completed');
    }
  }

  #suspend(): void {
    for (const pod of this.#active()) {
      // A pod that is ended by a suspension counts as nothing.
      this.#release(pod);
      this.#delete(pod);
    }
    if (!hasCondition(this.#status.conditions, 'Suspended')) {
      this.#set('Suspended', { reason: 'JobSuspended', message: 'Job suspended' });
      this.#say('Normal', 'Suspended', 'Job suspended');
    }
    delete this.#status.startTime;
  }

  #resume(): void {
    if (hasCondition(this.#status.conditions, 'Suspended')) {
      this.#set('Suspended', { reason: 'JobResumed', message: 'Job resumed' }, 'False');
      this.#status.startTime = this.#context.clock.seconds();
      this.#say('Normal', 'Resumed', 'Job resumed');
    }
  }

  /** Creates what is missing and deletes what is too much; how long to wait before trying again. */
  #manage(): number | null {
    const { spec } = this.#job;
    const waitsForEnd = spec.podReplacementPolicy === 'Failed';
    const occupied = waitsForEnd ? this.#pods.filter((pod) => !isOver(pod)) : this.#active();
    const parallelism = spec.parallelism ?? 1;
    const left =
      spec.completions === undefined
        ? (this.#status.succeeded ?? 0) > 0
          ? occupied.length
          : parallelism
        : spec.completions - (this.#status.succeeded ?? 0);
    const wanted = Math.max(0, Math.min(parallelism, left) - occupied.length);
    const excess = this.#active().slice(0, Math.max(0, occupied.length - parallelism));
    excess.forEach((pod) => {
      this.#release(pod);
      this.#delete(pod);
    });
    if (wanted === 0) {
      return null;
    }
    const wait = this.#backOff();
    if (wait > 0) {
      return wait;
    }
    const indexes =
      spec.completionMode === 'Indexed'
        ? wantedIndexes(this.#job, occupied, this.#status, wanted)
        : Array.from({ length: wanted }, () => null);
    for (const index of indexes) {
      if (!this.#create(index)) {
        return this.#context.timing.podBackOff;
      }
    }
    return null;
  }

  #create(index: number | null): boolean {
    const { registry } = this.#context;
    const pod = podFor(this.#job, index);
    try {
      const created = registry.create(pods, this.#job.metadata.namespace ?? '', pod);
      this.#say('Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
      this.#status.active = (this.#status.active ?? 0) + 1;
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // The name was made anew for each try; the message names what it was made from.
      const text = error.message.replace(/"(?<name>[^"]+)-[a-z0-9]{5}"/u, '"$<name>-"');
      this.#say('Warning', 'FailedCreate', `Error creating: ${text}`);
      return false;
    }
  }

  /** How long a replacement waits after the last failure, in ms. */
  #backOff(): number {
    const ended = this.#pods.filter((pod) => hasFailed(this.#job, pod));
    if (ended.length === 0) {
      return 0;
    }
    const last = Math.max(...ended.map((pod) => failedAt(pod, this.#context.clock.now())));
    const wait = Math.min(2 ** (ended.length - 1), 36) * this.#context.timing.podBackOff;
    return Math.max(0, last + wait - this.#context.clock.now());
  }

  #active(): readonly Pod[] {
    return this.#pods.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined);
  }

  #allEnded(): boolean {
    const { store } = this.#context;
    return this.#pods.every((pod) => {
      const now = store.get(pods, pod.metadata.namespace ?? '', pod.metadata.name);
      return now === undefined || now.metadata.uid !== pod.metadata.uid || isOver(now);
    });
  }

  #store(counted: readonly Pod[]): void {
    const { registry, store } = this.#context;
    const now = this.#pods
      .map((pod) => store.get(pods, pod.metadata.namespace ?? '', pod.metadata.name))
      .filter((pod) => pod !== undefined);
    const created = store
      .list(pods, this.#job.metadata.namespace)
      .filter(
        (pod) =>
          ownerOf(pod)?.uid === this.#job.metadata.uid &&
          !this.#pods.some(({ metadata }) => metadata.uid === pod.metadata.uid),
      );
    const active = [...now, ...created].filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined);
    const ready = active.filter(({ status }) => hasCondition(status.conditions, 'Ready'));
    const terminating = now.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp !== undefined);
    registry.mutate(jobs, this.#job, (draft) => {
      draft.status = {
        ...this.#status,
        ready: ready.length,
        terminating: terminating.length,
        uncountedTerminatedPods: {},
      };
      if (active.length > 0) {
        draft.status.active = active.length;
      } else {
        delete draft.status.active;
      }
    });
    counted.forEach((pod) => this.#release(pod));
  }

  #release(pod: Pod): void {
    this.#context.registry.mutate(pods, pod, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== trackingFinalizer);
    });
  }

  #delete(pod: Pod): void {
    const { namespace = '', name } = pod.metadata;
    if (this.#context.store.get(pods, namespace, name)?.metadata.deletionTimestamp === undefined) {
      try {
        this.#context.registry.delete(pods, namespace, name);
        this.#say('Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
      } catch {
        // It went by itself.
      }
    }
  }

  #set(type: string, { reason, message }: Outcome, status: 'True' | 'False' = 'True'): void {
    const condition = { type, status, reason, message, lastProbeTime: this.#context.clock.seconds() };
    const known = this.#status.conditions?.find((one) => one.type === type && one.status === status);
    if (known === undefined) {
      setCondition((this.#status.conditions ??= []), condition, this.#context.clock);
    }
  }

  #say(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.record(source, this.#job, { type, reason, message });
  }

  #msToDeadline(): number | null {
    const { activeDeadlineSeconds } = this.#job.spec;
    const { startTime } = this.#status;
    return activeDeadlineSeconds === undefined || startTime === undefined
      ? null
      : Date.parse(startTime) + activeDeadlineSeconds * 1000 - this.#context.clock.now();
  }

  #untilDeadline(): number | null {
    const left = this.#msToDeadline();
    return left === null ? null : Math.max(left, 50);
  }

  /** Deletes a finished job after its time to live. */
  #expire(): number | null {
    const { ttlSecondsAfterFinished } = this.#job.spec;
    const ended = this.#job.status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed');
    if (ttlSecondsAfterFinished === undefined || ended?.lastTransitionTime === undefined) {
      return null;
    }
    const left = Date.parse(ended.lastTransitionTime) + ttlSecondsAfterFinished * 1000 - this.#context.clock.now();
    if (left > 0) {
      return Math.min(left, 2 ** 31 - 1);
    }
    const { namespace = '', name, uid } = this.#job.metadata;
    if (this.#job.metadata.deletionTimestamp === undefined) {
      this.#context.registry.delete(jobs, namespace, name, { propagationPolicy: 'Foreground', preconditions: { uid } });
    }
    return null;
  }
}

/** When the last container of a failed pod ended, in ms. */
function failedAt({ status, metadata }: Pod, now: number): number {
  const times = (status.containerStatuses ?? []).map(({ state }) => Date.parse(state.terminated?.finishedAt ?? ''));
  const known = times.filter((time) => !Number.isNaN(time));
  const fallback =
    metadata.deletionTimestamp === undefined ? now : Math.min(now, Date.parse(metadata.deletionTimestamp));
  return known.length === 0 ? fallback : Math.max(...known);
}
