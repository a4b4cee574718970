import { createHash } from 'node:crypto';
import { hasCondition, setCondition } from '../objects/conditions.ts';
import { clusterQueues, jobs, localQueues, workloads } from '../objects/resources.ts';
import type { Condition, Job, KubeObject } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';
import { controlledBy, ownerOf } from '../objects/owners.ts';
import { isFinished } from './jobState.ts';

const source = { component: 'kueue-job-controller' };
const queueLabel = 'kueue.x-k8s.io/queue-name';

interface Workload extends KubeObject {
  spec: { queueName: string; active: boolean; podSets: object[]; priority?: number };
  status?: { conditions?: Condition[]; admission?: object };
}

/** Why a workload waits: a reason of `QuotaReserved=False`, and its message. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/**
 * Kueue as a client of Jobs meets it: a Job with a queue's label is created suspended and gets a Workload; who is admitted
 * when is the test's to say.
 */
export class Kueue {
  readonly #context: ControlContext;
  readonly #sync: WorkQueue;
  /** Queues that admit at once; the others wait for `admit`. */
  readonly #open = new Set<string>();

  constructor(context: ControlContext) {
    this.#context = context;
    this.#sync = new WorkQueue(context.timers, (key) => this.#look(key));
  }

  start(): void {
    const { store, timing } = this.#context;
    store.onChange(({ type, action, object }) => {
      if (type === jobs && action !== 'DELETED' && queueOf(object) !== undefined) {
        this.#sync.add(keyOf(object), timing.jobSync);
      }
    });
  }

  /** What Kueue's webhook does to a Job before it is stored. */
  mutate(job: Job): void {
    if (queueOf(job) !== undefined) {
      job.spec.suspend = true;
    }
  }

  /** A LocalQueue with a ClusterQueue behind it. `admits`: at once and everything; else only on command. */
  addQueue(namespace: string, name: string, admits = false): void {
    const { registry, store, clock } = this.#context;
    const clusterQueue = 'cluster-queue';
    if (store.get(clusterQueues, '', clusterQueue) === undefined) {
      const object = { metadata: { name: clusterQueue }, spec: { namespaceSelector: {}, resourceGroups: [] } };
      registry.create(clusterQueues, '', object as unknown as KubeObject);
    }
    const active: Condition[] = [];
    setCondition(
      active,
      { type: 'Active', status: 'True', reason: 'Ready', message: 'Can submit new workloads to localQueue' },
      clock,
    );
    const queue = {
      metadata: { name },
      spec: { clusterQueue },
      status: { conditions: active, pendingWorkloads: 0, reservingWorkloads: 0, admittedWorkloads: 0 },
    };
    registry.create(localQueues, namespace, queue as unknown as KubeObject);
    if (admits) {
      this.#open.add(`${namespace}/${name}`);
    }
  }

  admit(namespace: string, jobName: string): void {
    const job = this.#context.registry.get(jobs, namespace, jobName);
    const queue = queueOf(job) ?? '';
    this.#conditions(job, [
      {
        type: 'QuotaReserved',
        status: 'True',
        reason: 'QuotaReserved',
        message: 'Quota reserved in ClusterQueue cluster-queue',
      },
      { type: 'Admitted', status: 'True', reason: 'Admitted', message: 'The workload is admitted' },
    ]);
    this.#context.registry.mutate(jobs, job, ({ spec }) => {
      spec.suspend = false;
    });
    this.#context.events.record(source, job, {
      type: 'Normal',
      reason: 'Started',
      message: `Admitted by clusterQueue cluster-queue from queue ${queue}`,
    });
  }

  wait(namespace: string, jobName: string, { reason, message }: Waiting): void {
    const job = this.#context.registry.get(jobs, namespace, jobName);
    this.#conditions(job, [{ type: 'QuotaReserved', status: 'False', reason, message }]);
  }

  /** Takes the quota back: the job is suspended again and its pods end. */
  evict(
    namespace: string,
    jobName: string,
    reason = 'Preempted',
    message = 'Preempted to accommodate a higher priority Workload',
  ): void {
    const { registry, events } = this.#context;
    const job = registry.get(jobs, namespace, jobName);
    this.#conditions(job, [
      { type: 'Evicted', status: 'True', reason, message },
      ...(reason === 'Preempted'
        ? [{ type: 'Preempted', status: 'True' as const, reason: 'InClusterQueue', message }]
        : []),
      { type: 'QuotaReserved', status: 'False', reason: 'Pending', message },
      { type: 'Admitted', status: 'False', reason: 'NoReservation', message: 'The workload has no reservation' },
    ]);
    registry.mutate(jobs, job, ({ spec }) => {
      spec.suspend = true;
    });
    events.record(source, job, { type: 'Normal', reason: 'Stopped', message });
  }

  #look(key: string): void {
    const { store } = this.#context;
    const [namespace = '', name = ''] = key.split('/');
    const job = store.get(jobs, namespace, name);
    const queue = job === undefined ? undefined : queueOf(job);
    if (job === undefined || queue === undefined) {
      return;
    }
    if (this.#workload(job) === undefined) {
      this.#makeWorkload(job, queue);
      if (store.get(localQueues, namespace, queue) === undefined) {
        this.wait(namespace, name, { reason: 'Inadmissible', message: `LocalQueue ${queue} doesn't exist` });
      } else if (this.#open.has(`${namespace}/${queue}`)) {
        this.admit(namespace, name);
      }
    }
    if (isFinished(job)) {
      const reason = hasCondition(job.status.conditions, 'Complete') ? 'Succeeded' : 'Failed';
      const message =
        job.status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.message ?? '';
      this.#conditions(job, [{ type: 'Finished', status: 'True', reason, message }]);
    }
  }

  #makeWorkload(job: Job, queueName: string): void {
    const { metadata, spec } = job;
    const workload = {
      metadata: {
        name: workloadName(metadata.name, metadata.uid),
        labels: { 'kueue.x-k8s.io/job-uid': metadata.uid },
        finalizers: [],
        ownerReferences: [controlledBy(job)],
      },
      spec: {
        queueName,
        active: true,
        priority: 0,
        priorityClassSource: '',
        podSets: [{ name: 'main', count: spec.parallelism ?? 1, template: spec.template }],
      },
      status: {},
    };
    this.#context.registry.create(workloads, metadata.namespace ?? '', workload as unknown as KubeObject);
    this.#context.events.record(source, job, {
      type: 'Normal',
      reason: 'CreatedWorkload',
      message: `Created Workload: ${metadata.namespace ?? ''}/${workload.metadata.name}`,
    });
  }

  #workload(job: Job): Workload | undefined {
    return this.#context.store
      .list(workloads, job.metadata.namespace ?? '')
      .find((one) => ownerOf(one)?.uid === job.metadata.uid) as Workload | undefined;
  }

  #conditions(job: Job, conditions: readonly Condition[]): void {
    const known = this.#workload(job);
    if (known === undefined) {
      this.#makeWorkload(job, queueOf(job) ?? '');
    }
    const workload = known ?? this.#workload(job);
    if (workload === undefined) {
      return;
    }
    this.#context.registry.mutate(workloads, workload, (draft) => {
      const status = ((draft as Workload).status ??= {});
      for (const condition of conditions) {
        setCondition((status.conditions ??= []), condition, this.#context.clock);
      }
    });
  }
}

function queueOf(object: KubeObject): string | undefined {
  return object.metadata.labels?.[queueLabel];
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** `job-<name>-<5 hex>`: Kueue's way to name a Workload after its Job. */
function workloadName(job: string, uid: string): string {
  const hash = createHash('sha1').update(['Job', 'batch', job, uid].join('\n')).digest('hex');
  return `job-${job}-${hash.slice(0, 5)}`;
}
