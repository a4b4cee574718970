import { hasCondition, setCondition } from '../objects/conditions.ts';
import { nodes, pods } from '../objects/resources.ts';
import type { Change } from '../objects/store.ts';
import type { NodeObject, Pod, Taint } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';
import { tolerationFor } from './fit.ts';
import { isOver } from './jobState.ts';

const source = { component: 'node-controller' };
const unreachable = 'node.kubernetes.io/unreachable';

/** Notices nodes whose kubelet is silent, and ends pods that a node's taints drive away. */
export class NodeController {
  readonly #context: ControlContext;
  readonly #isUp: (node: string) => boolean;
  readonly #evictions: WorkQueue;

  constructor(context: ControlContext, isUp: (node: string) => boolean) {
    this.#context = context;
    this.#isUp = isUp;
    this.#evictions = new WorkQueue(context.timers, (node) => this.#evictFrom(node));
  }

  start(): void {
    this.#context.store.onChange((change) => this.#see(change));
  }

  /** The kubelet of a node has stopped or come back. */
  kubeletChanged(name: string): void {
    const { timers, timing } = this.#context;
    if (this.#isUp(name)) {
      this.#set(name, true);
    } else {
      timers.after(timing.nodeGrace, () => {
        if (!this.#isUp(name)) {
          this.#set(name, false);
        }
      });
    }
  }

  #set(name: string, isReady: boolean): void {
    const { store, registry, clock, events } = this.#context;
    const node = store.get(nodes, '', name);
    if (node === undefined) {
      return;
    }
    registry.mutate(nodes, node, (draft) => {
      for (const { type } of draft.status.conditions) {
        setCondition(
          draft.status.conditions,
          isReady
            ? type === 'Ready'
              ? { type, status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
              : { type, status: 'False', reason: `KubeletHasNo${type}`, message: `kubelet has no ${type}` }
            : { type, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
          clock,
        );
      }
      const others = (draft.spec.taints ?? []).filter(({ key }) => key !== unreachable);
      const timeAdded = clock.seconds();
      const taints = isReady
        ? others
        : [
            ...others,
            { key: unreachable, effect: 'NoSchedule', timeAdded },
            { key: unreachable, effect: 'NoExecute', timeAdded },
          ];
      if (taints.length === 0) {
        delete draft.spec.taints;
      } else {
        draft.spec.taints = taints;
      }
    });
    if (!isReady) {
      events.record(source, node, {
        type: 'Normal',
        reason: 'NodeNotReady',
        message: `Node ${name} status is now: NodeNotReady`,
      });
      this.#podsOn(name).forEach((pod) => this.#markUnready(pod));
    }
  }

  #markUnready(pod: Pod): void {
    const { registry, clock, events } = this.#context;
    registry.mutate(pods, pod, ({ status }) => {
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      if (status.conditions !== undefined && ready?.status === 'True') {
        setCondition(status.conditions, { type: 'Ready', status: 'False' }, clock);
      }
    });
    events.record(source, pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
  }

  #see({ type, action, object, before }: Change): void {
    if (type === nodes) {
      if (action === 'DELETED') {
        this.#context.timers.after(this.#context.timing.garbageCollection, () => this.#collect(object.metadata.name));
      } else {
        this.#evictions.add(object.metadata.name, 0);
      }
    } else if (type === pods && action === 'MODIFIED') {
      const { nodeName } = (object as Pod).spec;
      if (nodeName !== undefined && (before as Pod | undefined)?.spec.nodeName === undefined) {
        this.#evictions.add(nodeName, 0);
      }
    }
  }

  /** Deletes pods that have borne a taint of the node for as long as they tolerate it. */
  #evictFrom(name: string): void {
    const node = this.#context.store.get(nodes, '', name);
    const taints = (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
    if (node === undefined || taints.length === 0) {
      return;
    }
    for (const pod of this.#podsOn(name)) {
      const left = this.#msLeft(pod, taints, node);
      if (left !== null && left <= 0) {
        this.#evict(pod);
      } else if (left !== null) {
        this.#evictions.add(name, left);
      }
    }
  }

  /** How long a pod may stay, in ms; null: for ever. */
  #msLeft(pod: Pod, taints: readonly Taint[], { metadata }: NodeObject): number | null {
    const waits = taints.map((taint) => {
      const toleration = tolerationFor(pod, taint);
      if (toleration === undefined) {
        return 0;
      }
      const since = Date.parse(taint.timeAdded ?? metadata.creationTimestamp);
      return toleration.tolerationSeconds === undefined
        ? Number.POSITIVE_INFINITY
        : since + toleration.tolerationSeconds * 1000 - this.#context.clock.now();
    });
    const least = Math.min(...waits);
    return Number.isFinite(least) ? least : null;
  }

  #evict(pod: Pod): void {
    const { registry, events } = this.#context;
    const { namespace = '', name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined || hasCondition(pod.status.conditions, 'DisruptionTarget')) {
      return;
    }
    events.record({ component: 'taint-eviction-controller' }, pod, {
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message: `Marking for deletion Pod ${namespace}/${name}`,
    });
    registry.disrupt(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint');
    registry.delete(pods, namespace, name);
  }

  /** Fails and removes the pods of a node that is no more. */
  #collect(name: string): void {
    const { registry, store } = this.#context;
    for (const pod of this.#podsOn(name)) {
      registry.disrupt(pod, 'DeletionByPodGC', 'PodGC: node no longer exists');
      const current = store.get(pods, pod.metadata.namespace ?? '', pod.metadata.name);
      const failed =
        current === undefined
          ? undefined
          : registry.mutate(pods, current, ({ status }) => {
              status.phase = 'Failed';
            });
      if (failed !== undefined) {
        registry.delete(pods, failed.metadata.namespace ?? '', failed.metadata.name, { gracePeriodSeconds: 0 });
      }
    }
  }

  #podsOn(name: string): readonly Pod[] {
    return this.#context.store.list(pods).filter((pod) => pod.spec.nodeName === name && !isOver(pod));
  }
}
