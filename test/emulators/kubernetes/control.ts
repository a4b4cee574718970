import { RequestControl } from '../wire/requestControl.ts';
import type { ApiServer } from './api/server.ts';
import type { ApiError } from './api/status.ts';
import type { Rule, User, Users } from './api/users.ts';
import type { Watches } from './api/watch.ts';
import type { Certificates } from './certificates.ts';
import type { ControlContext } from './controllers/context.ts';
import type { EventText } from './controllers/eventRecorder.ts';
import type { Kueue } from './controllers/kueue.ts';
import type { NodeController } from './controllers/nodeController.ts';
import type { Scheduler } from './controllers/scheduler.ts';
import type { FaultPlan, RequestMatch } from './faults.ts';
import type { Images } from './kubelet/images.ts';
import type { Kubelets } from './kubelet/kubelets.ts';
import { type NodeSpec, nodeObject } from './nodePresets.ts';
import { type ResourceType, nodes, pods } from './objects/resources.ts';
import type { KubeObject, NodeObject, Pod, Taint } from './objects/types.ts';
import type { RequestInfo } from './api/requestInfo.ts';
import type { Refusal, Webhooks } from './webhooks.ts';

interface ControlParts {
  readonly context: ControlContext;
  readonly faults: FaultPlan;
  readonly watches: Watches;
  readonly webhooks: Webhooks;
  readonly scheduler: Scheduler;
  readonly kubelets: Kubelets;
  readonly users: Users;
  readonly server: ApiServer;
  readonly nodeController: NodeController;
  readonly kueue: Kueue | null;
  readonly certificates: Certificates;
  readonly version: string;
}

/** What a test can make the cluster do. */
export class Control extends RequestControl<RequestInfo, RequestMatch, ApiError> {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    super(parts.faults);
    this.#parts = parts;
  }

  /** Images that there are. */
  get images(): Images {
    return this.#parts.kubelets.images;
  }

  get watches(): Watches {
    return this.#parts.watches;
  }

  get certificates(): Certificates {
    return this.#parts.certificates;
  }

  /** Where the cluster was started with `kueue`. */
  get kueue(): Kueue {
    if (this.#parts.kueue === null) {
      throw new Error('The cluster was started without Kueue.');
    }
    return this.#parts.kueue;
  }

  /** While true, nobody gives pods a node, nor says why not. */
  pauseScheduler(isPaused: boolean): void {
    this.#parts.scheduler.isPaused = isPaused;
    this.#parts.scheduler.look();
  }

  // What happens to requests.

  /**
   * The API server ends as one that is drained: nobody gets in any more, what is under way is cut after `timing.drain`; then
   * another takes its place at the same address.
   */
  async restartServer(): Promise<void> {
    await this.#parts.server.restart(this.#parts.context.timing.drain);
  }

  /** Cuts every open connection. */
  cutConnections(): void {
    this.#parts.server.cutAll();
  }

  // Objects, seen and changed past the API.

  list<T extends KubeObject>(type: ResourceType<T>, namespace = ''): readonly T[] {
    return this.#parts.context.store.list(type, namespace);
  }

  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    return this.#parts.context.store.get(type, namespace, name);
  }

  create<T extends KubeObject>(type: ResourceType<T>, namespace: string, object: object): T {
    return this.#parts.context.registry.create(type, namespace, object as T);
  }

  change<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
    change: (draft: T) => void,
  ): void {
    const { registry } = this.#parts.context;
    registry.mutate(type, registry.get(type, namespace, name), change);
  }

  remove(type: ResourceType, namespace: string, name: string): void {
    this.#parts.context.registry.delete(type, namespace, name);
  }

  /** Forgets the history: watches and lists of older versions are `Expired`. */
  compact(): void {
    this.#parts.context.store.compact();
  }

  // Time.

  /** Sets how far the cluster's clocks are ahead of this machine's, in ms. */
  skewClock(ms: number): void {
    this.#parts.context.clock.skewMs = ms;
  }

  /** Log lines that come within that many ns get the same time. */
  coarsenLogTimes(nanos: number): void {
    this.#parts.context.clock.stampNanos = BigInt(nanos);
  }

  // Nodes.

  addNode(spec: NodeSpec): void {
    const { registry, store } = this.#parts.context;
    registry.create(nodes, '', nodeObject(spec, store.list(nodes).length, this.#parts.version));
  }

  /** No pod gets a node from now on, until the returned function is called. */
  cordonAll(): () => void {
    const cordoned = this.list(nodes).filter(({ spec }) => spec.unschedulable !== true);
    const set = (node: NodeObject, unschedulable: boolean): void =>
      this.change(nodes, '', node.metadata.name, (draft) => {
        if (unschedulable) {
          draft.spec.unschedulable = true;
        } else {
          delete draft.spec.unschedulable;
        }
      });
    cordoned.forEach((node) => set(node, true));
    return () => cordoned.forEach((node) => set(node, false));
  }

  /**
   * The kubelet of a node stops: its containers go on, nobody hears of them, its logs cannot be read. After `timing.nodeGrace`
   * the node is Unknown.
   */
  stopKubelet(node: string): void {
    this.#parts.kubelets.stopNode(node);
    this.#parts.nodeController.kubeletChanged(node);
  }

  startKubelet(node: string): void {
    this.#parts.kubelets.startNode(node);
    this.#parts.nodeController.kubeletChanged(node);
  }

  /** The node's power is cut: like a stopped kubelet, and its containers are gone. */
  async crashNode(node: string): Promise<void> {
    await this.#parts.kubelets.crashNode(node);
    this.#parts.nodeController.kubeletChanged(node);
  }

  taint(node: string, taint: Taint): void {
    const timeAdded = this.#parts.context.clock.seconds();
    this.change(nodes, '', node, ({ spec }) => {
      spec.taints = [...(spec.taints ?? []), { timeAdded, ...taint }];
    });
  }

  // Pods.

  /** The kernel ends a container that used too much memory. */
  killForMemory(pod: Pod, container: string): void {
    this.#parts.kubelets.run(pod, container)?.killForMemory();
  }

  rotateLog(pod: Pod, container: string): void {
    this.#parts.kubelets.run(pod, container)?.log?.rotate();
  }

  /** Size beyond which log files are rotated, in bytes. */
  setLogRotation(bytes: number): void {
    this.#parts.kubelets.rotateBytes = bytes;
  }

  /** Ends all logs that are followed though their containers go on. */
  endLogs(): void {
    this.#parts.kubelets.endLogs();
  }

  evict(pod: Pod, reason = 'EvictionByEvictionAPI', message = 'Eviction API: evicting'): void {
    const { registry } = this.#parts.context;
    registry.disrupt(pod, reason, message);
    registry.delete(pods, pod.metadata.namespace ?? '', pod.metadata.name);
  }

  /** The kubelet ends a pod because its node runs out of something: phase Failed, reason Evicted. */
  async evictByKubelet(pod: Pod, message = 'The node was low on resource: ephemeral-storage.'): Promise<void> {
    this.#parts.context.registry.disrupt(pod, 'TerminationByKubelet', message);
    await this.#parts.kubelets.worker(pod)?.evict('Evicted', message);
  }

  /** Evictions of these pods are refused with 429, as a PodDisruptionBudget does. */
  protect(isProtected: (pod: Pod) => boolean): void {
    this.#parts.context.registry.isEvictionBlocked = isProtected;
  }

  /** An event about an object by somebody who is not emulated, such as a cluster autoscaler. */
  say(component: string, about: KubeObject, event: EventText): void {
    this.#parts.context.events.record({ component }, about, event);
  }

  // Admission and rights.

  refuseAdmission(refusal: Refusal | null): void {
    this.#parts.webhooks.refuse(refusal);
  }

  /** Somebody else who may come in, with a token. */
  addUser(user: User, token: string, rules: readonly Rule[]): void {
    this.#parts.users.add(user, token, rules);
  }

  setRules(user: string, rules: readonly Rule[]): void {
    this.#parts.users.setRules(user, rules);
  }

  /** The token is good for nothing from now on. */
  revokeToken(token: string): void {
    this.#parts.users.revoke(token);
  }

  /** Client certificates are refused like expired ones, until this is called with false. */
  expireCertificates(areExpired = true): void {
    this.#parts.users.refusesCertificates = areExpired;
  }
}
