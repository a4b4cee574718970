import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ApiRequest } from '../api/context.ts';
import { badRequest, internal, notFound } from '../api/status.ts';
import type { ControlContext } from '../controllers/context.ts';
import { nodes, pods } from '../objects/resources.ts';
import type { Change } from '../objects/store.ts';
import type { NodeObject, Pod } from '../objects/types.ts';
import type { ContainerRun } from './containerRun.ts';
import { writeHosts } from './hostsFile.ts';
import { Images } from './images.ts';
import { serveExec } from './execEndpoint.ts';
import { chooseContainer, serveLog } from './logEndpoint.ts';
import { servePortForward } from './portForwardEndpoint.ts';
import { PodWorker } from './podWorker.ts';

/** The kubelets of all nodes. */
export class Kubelets {
  readonly images = new Images();
  /** A container's log file is rotated beyond this, in bytes. */
  rotateBytes = 10 * 1024 * 1024;
  readonly #context: ControlContext;
  readonly #folder: string;
  readonly #apiPort: () => number;
  readonly #workers = new Map<string, PodWorker>();
  readonly #down = new Set<string>();
  readonly #logs = new Map<AbortController, string>();
  readonly #network = `127.${64 + Math.floor(Math.random() * 128)}.${Math.floor(Math.random() * 256)}`;
  #addresses = 1;

  constructor(context: ControlContext, folder: string, apiPort: () => number) {
    this.#context = context;
    this.#folder = folder;
    this.#apiPort = apiPort;
    context.store.onChange((change) => this.#see(change));
  }

  isUp(node: string): boolean {
    return !this.#down.has(node);
  }

  /** The kubelet of a node ends; its containers go on, nobody hears of them. */
  stopNode(node: string): void {
    this.#down.add(node);
    for (const [log, on] of this.#logs) {
      if (on === node) {
        log.abort();
      }
    }
  }

  startNode(node: string): void {
    this.#down.delete(node);
    for (const worker of this.#workers.values()) {
      if (worker.pod.spec.nodeName === node) {
        worker.report();
        worker.see(worker.pod);
      }
    }
  }

  /** The node's power is cut: its containers are gone. */
  async crashNode(node: string): Promise<void> {
    this.stopNode(node);
    const lost = [...this.#workers.values()].filter(({ pod }) => pod.spec.nodeName === node);
    await Promise.all(lost.map(async (worker) => worker.kill()));
  }

  /** Ends the logs that are being followed, as a kubelet does that restarts. */
  endLogs(): void {
    for (const log of this.#logs.keys()) {
      log.abort();
    }
  }

  worker(pod: Pod): PodWorker | undefined {
    return this.#workers.get(pod.metadata.uid);
  }

  run(pod: Pod, container: string): ContainerRun | undefined {
    return this.worker(pod)?.allRuns.find((run) => run.container.name === container);
  }

  async stop(): Promise<void> {
    this.endLogs();
    await Promise.all([...this.#workers.values()].map(async (worker) => worker.kill()));
  }

  async log(request: ApiRequest, response: ServerResponse): Promise<void> {
    const pod = this.reachablePod(request, 'containerLogs');
    const abort = new AbortController();
    this.#logs.set(abort, pod.spec.nodeName ?? '');
    response.once('close', () => abort.abort());
    try {
      await serveLog({
        pod,
        query: request.info.query,
        run: (name) => this.run(pod, name),
        response,
        signal: abort.signal,
        endDelayMs: this.#context.timing.logEnd,
        now: this.#context.clock.now(),
      });
    } finally {
      this.#logs.delete(abort);
    }
  }

  async exec(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void> {
    const pod = this.reachablePod(request, 'exec');
    const { query } = request.info;
    const container = chooseContainer(pod, query.get('container') ?? '');
    if (pod.spec.nodeName === undefined) {
      throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
    }
    serveExec({ incoming: request.incoming, socket, head, query, container, run: this.run(pod, container) });
  }

  async portForward(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void> {
    const pod = this.reachablePod(request, 'portForward');
    if (pod.status.phase !== 'Running') {
      throw badRequest(`unable to forward port because pod is not running. Current status=${pod.status.phase}`);
    }
    await servePortForward({
      incoming: request.incoming,
      socket,
      head,
      query: request.info.query,
      podAddress: pod.status.podIP ?? '127.0.0.1',
      podUid: pod.metadata.uid,
    });
  }

  /** The pod of a request that its node must answer; throws what the API server says when it cannot reach that. */
  reachablePod({ info }: ApiRequest, endpoint: string): Pod {
    const pod = this.#context.store.get(pods, info.namespace, info.name);
    if (pod === undefined) {
      throw notFound(pods, info.name);
    }
    const { nodeName } = pod.spec;
    if (nodeName !== undefined && this.#down.has(nodeName)) {
      const container = info.query.get('container') ?? pod.spec.containers[0]?.name ?? '';
      const address = this.#node(nodeName)?.status.addresses[0]?.address ?? nodeName;
      const url = `https://${address}:10250/${endpoint}/${info.namespace}/${info.name}/${container}`;
      throw internal(`Get "${url}": dial tcp ${address}:10250: connect: connection refused`).plain();
    }
    return pod;
  }

  #node(name: string): NodeObject | undefined {
    return this.#context.store.get(nodes, '', name);
  }

  #see({ type, action, object }: Change): void {
    if (type.kind === 'Service' && type.group === '') {
      this.#refreshHosts(object.metadata.namespace);
    }
    if (type !== pods) {
      return;
    }
    const pod = object as Pod;
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (action === 'DELETED') {
      this.#workers.delete(uid);
      void worker?.kill();
    } else if (worker !== undefined) {
      worker.see(pod);
    } else if (pod.spec.nodeName !== undefined && this.isUp(pod.spec.nodeName)) {
      this.#adopt(pod, pod.spec.nodeName);
    }
    if (pod.spec.subdomain !== undefined) {
      this.#refreshHosts(pod.metadata.namespace);
    }
  }

  #adopt(pod: Pod, nodeName: string): void {
    const context = this.#context;
    const worker = new PodWorker(
      {
        ...context,
        nodeName,
        nodeAddress: this.#node(nodeName)?.status.addresses[0]?.address ?? '10.0.0.1',
        images: this.images,
        podsFolder: join(this.#folder, 'pods'),
        claimsFolder: join(this.#folder, 'claims'),
        apiPort: this.#apiPort,
        rotateBytes: () => this.rotateBytes,
        isUp: () => this.isUp(nodeName),
        nextAddress: () => this.#nextAddress(),
        say: (about, event) => context.events.record({ component: 'kubelet', host: nodeName }, about, event),
        finish: ({ metadata }) => {
          const known = context.store.get(pods, metadata.namespace ?? '', metadata.name);
          if (known?.metadata.uid === metadata.uid) {
            context.registry.delete(pods, metadata.namespace ?? '', metadata.name, { gracePeriodSeconds: 0 });
          }
        },
      },
      pod,
    );
    this.#workers.set(pod.metadata.uid, worker);
    // The change that brought the pod is still being told to others.
    context.timers.after(0, () => worker.start());
  }

  #refreshHosts(namespace: string | undefined): void {
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata.namespace === namespace && worker.pod.status.podIP !== undefined) {
        writeHosts(worker.hostsFile, worker.pod, this.#context.store);
      }
    }
  }

  #nextAddress(): string {
    this.#addresses = (this.#addresses % 250) + 1;
    return `${this.#network}.${this.#addresses}`;
  }
}
