import type { ApiContext } from './api/context.ts';
import { Registry } from './api/registry.ts';
import { ApiServer } from './api/server.ts';
import { Users } from './api/users.ts';
import { Watches } from './api/watch.ts';
import type { Certificates } from './certificates.ts';
import { ClusterClock } from './clock.ts';
import { Control } from './control.ts';
import type { ControlContext } from './controllers/context.ts';
import { EventRecorder } from './controllers/eventRecorder.ts';
import { GarbageCollector } from './controllers/garbageCollector.ts';
import { JobController } from './controllers/jobController.ts';
import { JobSetController } from './controllers/jobSetController.ts';
import { Kueue } from './controllers/kueue.ts';
import { startNamespaceController } from './controllers/namespaceController.ts';
import { NodeController } from './controllers/nodeController.ts';
import { startQuotaController } from './controllers/quotaController.ts';
import { Scheduler } from './controllers/scheduler.ts';
import { FaultPlan } from './faults.ts';
import { Kubelets } from './kubelet/kubelets.ts';
import { type NodeSpec, nodeObject } from './nodePresets.ts';
import {
  type ResourceType,
  builtInTypes,
  jobSetTypes,
  jobs,
  kueueTypes,
  namespaces,
  nodes,
  priorityClasses,
} from './objects/resources.ts';
import { Store } from './objects/store.ts';
import type { Job, KubeObject, PriorityClass } from './objects/types.ts';
import { Timers } from './timers.ts';
import type { Timing } from './timing.ts';
import { Webhooks } from './webhooks.ts';

export interface ClusterParts {
  readonly folder: string;
  readonly certificates: Certificates;
  readonly nodes: readonly NodeSpec[];
  readonly namespaces: readonly string[];
  readonly kueue: boolean;
  readonly jobSet: boolean;
  readonly timing: Timing;
  readonly version: string;
}

/** All parts of the emulated cluster, put together. */
export class Cluster {
  readonly users = new Users();
  readonly control: Control;
  readonly #server: ApiServer;
  readonly #kubelets: Kubelets;
  readonly #timers = new Timers();
  #port = 0;

  constructor(parts: ClusterParts) {
    const { timing, version } = parts;
    const store = new Store();
    const clock = new ClusterClock();
    const webhooks = new Webhooks();
    let kueue: Kueue | null = null;
    const registry = new Registry(store, clock, {
      store,
      webhook: (type) => webhooks.review(type),
      mutate: (type, object) => {
        if (type === jobs) {
          kueue?.mutate(object as Job);
        }
      },
    });
    const events = new EventRecorder(store, registry, clock);
    const context: ControlContext = { store, registry, clock, timing, timers: this.#timers, events };
    const types: ResourceType[] = [
      ...builtInTypes,
      ...(parts.jobSet ? jobSetTypes : []),
      ...(parts.kueue ? kueueTypes : []),
    ];
    const faults = new FaultPlan();
    const watches = new Watches();
    this.#kubelets = new Kubelets(context, parts.folder, () => this.#port);
    const scheduler = new Scheduler(context);
    const nodeController = new NodeController(context, (node) => this.#kubelets.isUp(node));
    nodeController.start();
    new JobController(context).start();
    new GarbageCollector(context, types).start();
    startQuotaController(context);
    startNamespaceController(context, types, parts.certificates.ca.cert);
    kueue = parts.kueue ? new Kueue(context) : null;
    kueue?.start();
    if (parts.jobSet) {
      new JobSetController(context).start();
    }
    const api: ApiContext = {
      store,
      clock,
      timing,
      registry,
      users: this.users,
      watches,
      types,
      nodeApi: this.#kubelets,
      serverVersion: version,
    };
    this.#server = new ApiServer(api, faults, parts.certificates);
    this.control = new Control({
      context,
      faults,
      watches,
      webhooks,
      scheduler,
      kubelets: this.#kubelets,
      users: this.users,
      server: this.#server,
      nodeController,
      kueue,
      certificates: parts.certificates,
      version,
    });
    begin(registry, parts);
  }

  async listen(): Promise<number> {
    this.#port = await this.#server.listen();
    return this.#port;
  }

  async stop(): Promise<void> {
    await this.#server.close();
    this.#timers.stop();
    await this.#kubelets.stop();
  }
}

/** What a fresh cluster has. */
function begin(registry: Registry, parts: ClusterParts): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease', ...parts.namespaces]) {
    registry.create(namespaces, '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as KubeObject);
  }
  const critical = [
    ['system-cluster-critical', 2_000_000_000],
    ['system-node-critical', 2_000_001_000],
  ] as const;
  for (const [name, value] of critical) {
    registry.create(priorityClasses, '', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      globalDefault: false,
      preemptionPolicy: 'PreemptLowerPriority',
    } as unknown as PriorityClass);
  }
  parts.nodes.forEach((spec, index) => registry.create(nodes, '', nodeObject(spec, index, parts.version)));
}
