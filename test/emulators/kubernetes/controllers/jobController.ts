import { jobs, pods } from '../objects/resources.ts';
import type { Change } from '../objects/store.ts';
import type { Job, Pod } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';
import { ownerOf } from '../objects/owners.ts';
import { trackingFinalizer } from './jobState.ts';
import { JobSync } from './jobSync.ts';

/** Keeps every Job's pods and status as its spec wants them. */
export class JobController {
  readonly #context: ControlContext;
  readonly #queue: WorkQueue;

  constructor(context: ControlContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.timers, (key) => this.#sync(key));
  }

  start(): void {
    this.#context.store.onChange((change) => this.#see(change));
  }

  #see({ type, action, object, before }: Change): void {
    const { jobSync } = this.#context.timing;
    if (type === jobs) {
      if (action === 'DELETED') {
        this.#releaseOrphans(object as Job);
      } else {
        this.#queue.add(keyOf(object as Job), action === 'ADDED' ? 0 : jobSync);
      }
    } else if (type === pods) {
      for (const owner of [ownerOf(object), ownerOf(before)]) {
        if (owner?.kind === 'Job') {
          this.#queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`, jobSync);
        }
      }
      if (ownerOf(object) === undefined && object.metadata.finalizers?.includes(trackingFinalizer) === true) {
        this.#context.timers.after(jobSync, () => this.#release(object as Pod));
      }
    }
  }

  #sync(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const job = this.#context.store.get(jobs, namespace, name);
    if (job === undefined) {
      return;
    }
    const again = new JobSync(this.#context, job).run();
    if (again !== null) {
      this.#queue.add(key, again);
    }
  }

  /** The pods of a job that is gone are nobody's to count. */
  #releaseOrphans(job: Job): void {
    this.#context.timers.after(this.#context.timing.jobSync, () => {
      for (const pod of this.#context.store.list(pods, job.metadata.namespace)) {
        if (ownerOf(pod)?.uid === job.metadata.uid) {
          this.#release(pod);
        }
      }
    });
  }

  #release(pod: Pod): void {
    this.#context.registry.mutate(pods, pod, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== trackingFinalizer);
    });
  }
}

function keyOf({ metadata }: Job): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
