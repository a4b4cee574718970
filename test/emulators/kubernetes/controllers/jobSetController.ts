import { hasCondition, setCondition } from '../objects/conditions.ts';
import { jobSets, jobs, services } from '../objects/resources.ts';
import type { Condition, Job, JobSpec, KubeObject, Service } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';
import { controlledBy, ownerOf } from '../objects/owners.ts';
import { isFinished } from './jobState.ts';

const source = { component: 'jobset-controller' };
const label = 'jobset.sigs.k8s.io';

interface ReplicatedJob {
  name: string;
  replicas?: number;
  template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: JobSpec };
}

interface JobSet extends KubeObject {
  spec: {
    replicatedJobs?: ReplicatedJob[];
    suspend?: boolean;
    network?: { enableDNSHostnames?: boolean; subdomain?: string; publishNotReadyAddresses?: boolean };
    failurePolicy?: { maxRestarts?: number };
    ttlSecondsAfterFinished?: number;
  };
  status?: {
    conditions?: Condition[];
    restarts?: number;
    terminalState?: string;
    replicatedJobsStatus?: object[];
  };
}

/** As much of JobSet as a client meets: its jobs, their Service, restarts, conditions and the terminal state. */
export class JobSetController {
  readonly #context: ControlContext;
  readonly #queue: WorkQueue;

  constructor(context: ControlContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.timers, (key) => this.#sync(key));
  }

  start(): void {
    const { store, timing } = this.#context;
    store.onChange(({ type, action, object }) => {
      if (type === jobSets && action !== 'DELETED') {
        this.#queue.add(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, timing.jobSync);
      }
      const owner = ownerOf(object);
      if (type === jobs && owner?.kind === 'JobSet') {
        this.#queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`, timing.jobSync);
      }
    });
  }

  #sync(key: string): void {
    const { store } = this.#context;
    const [namespace = '', name = ''] = key.split('/');
    const set = store.get(jobSets, namespace, name) as JobSet | undefined;
    if (set === undefined || set.metadata.deletionTimestamp !== undefined || set.status?.terminalState !== undefined) {
      return;
    }
    const restarts = set.status?.restarts ?? 0;
    const all = store.list(jobs, namespace).filter((job) => ownerOf(job)?.uid === set.metadata.uid);
    const current = all.filter(({ metadata }) => metadata.labels?.[`${label}/restart-attempt`] === String(restarts));
    all
      .filter((job) => !current.includes(job) && job.metadata.deletionTimestamp === undefined)
      .forEach(({ metadata }) =>
        this.#context.registry.delete(jobs, namespace, metadata.name, { propagationPolicy: 'Foreground' }),
      );
    const failed = current.find(({ status }) => hasCondition(status.conditions, 'Failed'));
    const wanted = (set.spec.replicatedJobs ?? []).flatMap((replicated) =>
      Array.from({ length: replicated.replicas ?? 1 }, (_, index) => ({ replicated, index })),
    );
    if (failed !== undefined) {
      this.#fail(set, failed, restarts);
      return;
    }
    if (wanted.length > 0 && current.length === wanted.length && current.every(isFinished)) {
      this.#end(set, 'Completed', 'AllJobsCompleted', 'jobset completed successfully');
      return;
    }
    this.#setSuspended(set, current);
    this.#makeService(set);
    for (const { replicated, index } of wanted) {
      const jobName = `${name}-${replicated.name}-${index}`;
      if (store.get(jobs, namespace, jobName) === undefined) {
        this.#makeJob(set, replicated, index, jobName, restarts);
      }
    }
    this.#report(set, current);
  }

  #makeJob(set: JobSet, replicated: ReplicatedJob, index: number, name: string, restarts: number): void {
    const { registry, events } = this.#context;
    const namespace = set.metadata.namespace ?? '';
    const template = structuredClone(replicated.template);
    const labels = {
      [`${label}/jobset-name`]: set.metadata.name,
      [`${label}/jobset-uid`]: set.metadata.uid,
      [`${label}/replicatedjob-name`]: replicated.name,
      [`${label}/replicatedjob-replicas`]: String(replicated.replicas ?? 1),
      [`${label}/job-index`]: String(index),
      [`${label}/restart-attempt`]: String(restarts),
    };
    const { template: podTemplate } = template.spec;
    podTemplate.metadata = {
      ...podTemplate.metadata,
      labels: { ...podTemplate.metadata?.labels, ...labels },
      annotations: { ...podTemplate.metadata?.annotations, ...labels },
    };
    if (set.spec.network?.enableDNSHostnames !== false) {
      podTemplate.spec.subdomain = set.spec.network?.subdomain ?? set.metadata.name;
    }
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        labels: { ...template.metadata?.labels, ...labels },
        annotations: { ...template.metadata?.annotations, ...labels },
        ownerReferences: [controlledBy(set)],
      },
      spec: { completionMode: 'Indexed', ...template.spec, suspend: set.spec.suspend ?? false },
    };
    try {
      registry.create(jobs, namespace, job as unknown as Job);
    } catch (error) {
      events.record(source, set, { type: 'Warning', reason: 'JobCreationFailed', message: String(error) });
    }
  }

  #makeService(set: JobSet): void {
    const { registry, store } = this.#context;
    const namespace = set.metadata.namespace ?? '';
    const name = set.spec.network?.subdomain ?? set.metadata.name;
    if (set.spec.network?.enableDNSHostnames === false || store.get(services, namespace, name) !== undefined) {
      return;
    }
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ownerReferences: [controlledBy(set)] },
      spec: {
        clusterIP: 'None',
        selector: { [`${label}/jobset-name`]: set.metadata.name },
        publishNotReadyAddresses: set.spec.network?.publishNotReadyAddresses ?? true,
      },
    };
    registry.create(services, namespace, service as unknown as Service);
  }

  #setSuspended(set: JobSet, current: readonly Job[]): void {
    const { registry, clock } = this.#context;
    const isSuspended = set.spec.suspend === true;
    for (const job of current) {
      registry.mutate(jobs, job, ({ spec }) => {
        spec.suspend = isSuspended;
      });
    }
    if (isSuspended || hasCondition(set.status?.conditions, 'Suspended')) {
      this.#change(set, (draft) => {
        const text = isSuspended
          ? { status: 'True' as const, reason: 'SuspendedJobs', message: 'jobset is suspended' }
          : { status: 'False' as const, reason: 'ResumeJobs', message: 'jobset is resumed' };
        setCondition(((draft.status ??= {}).conditions ??= []), { type: 'Suspended', ...text }, clock);
      });
    }
  }

  #fail(set: JobSet, failed: Job, restarts: number): void {
    const maxRestarts = set.spec.failurePolicy?.maxRestarts ?? 0;
    if (restarts < maxRestarts) {
      this.#change(set, (draft) => {
        draft.status = { ...draft.status, restarts: restarts + 1 };
      });
      return;
    }
    const [reason, message] =
      maxRestarts === 0
        ? ['FailedJobs', `jobset failed due to one or more job failures (first failed job: ${failed.metadata.name})`]
        : ['ReachedMaxRestarts', 'jobset failed due to reaching max number of restarts'];
    this.#end(set, 'Failed', reason, message);
  }

  #end(set: JobSet, state: 'Completed' | 'Failed', reason: string, message: string): void {
    this.#change(set, (draft) => {
      draft.status = { ...draft.status, terminalState: state };
      setCondition(
        (draft.status.conditions ??= []),
        { type: state, status: 'True', reason, message },
        this.#context.clock,
      );
    });
    this.#context.events.record(source, set, { type: state === 'Failed' ? 'Warning' : 'Normal', reason, message });
  }

  #report(set: JobSet, current: readonly Job[]): void {
    const replicatedJobsStatus = (set.spec.replicatedJobs ?? []).map(({ name }) => {
      const own = current.filter(({ metadata }) => metadata.labels?.[`${label}/replicatedjob-name`] === name);
      const count = (is: (job: Job) => boolean): number => own.filter(is).length;
      return {
        name,
        ready: count(({ status, spec }) => (status.ready ?? 0) + (status.succeeded ?? 0) >= (spec.parallelism ?? 1)),
        succeeded: count(({ status }) => hasCondition(status.conditions, 'Complete')),
        failed: count(({ status }) => hasCondition(status.conditions, 'Failed')),
        active: count(({ status }) => (status.active ?? 0) > 0),
        suspended: count(({ spec }) => spec.suspend === true),
      };
    });
    this.#change(set, (draft) => {
      draft.status = { restarts: 0, ...draft.status, replicatedJobsStatus };
    });
  }

  #change(set: JobSet, change: (draft: JobSet) => void): void {
    this.#context.registry.mutate(jobSets, set, (draft) => change(draft as JobSet));
  }
}
