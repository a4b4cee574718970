import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { Cluster } from './cluster.ts';
import type { Control } from './control.ts';
import { type Credentials, type KubeconfigContext, kubeconfigText } from './kubeconfig.ts';
import { type NodePreset, type NodeSpec, nodePresets } from './nodePresets.ts';
import { type Timing, quickTiming } from './timing.ts';

export interface ClusterOptions {
  readonly nodes?: NodePreset | readonly NodeSpec[];
  /** Beside `default`, `kube-system`, `kube-public` and `kube-node-lease`. */
  readonly namespaces?: readonly string[];
  /** Serve `kueue.x-k8s.io`, `jobset.x-k8s.io`. */
  readonly kueue?: boolean;
  readonly jobSet?: boolean;
  /** What differs from `quickTiming`. */
  readonly timing?: Partial<Timing>;
  /** `v1.34.9` where it is not given. */
  readonly version?: string;
}

export interface StartedCluster {
  /** A kubeconfig whose current context is `admin`, with all rights in the namespace `default`; see `contexts` for the others. */
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  readonly url: string;
  readonly caCert: string;
  /** The bearer token of the user `admin`. */
  readonly token: string;
  /** The cluster's own temporary folder; other files of a test may go there. */
  readonly folder: string;
  readonly control: Control;
  /** Another kubeconfig of this cluster; returns its path. */
  writeKubeconfig(
    name: string,
    users: Readonly<Record<string, Credentials>>,
    contexts: readonly KubeconfigContext[],
  ): Promise<string>;
  /** Ends every process, connection and timer, and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts an emulated cluster in this process: an API server over HTTPS on a free port of 127.0.0.1, its controllers, and
 * kubelets whose containers are processes of this machine. It speaks as Kubernetes 1.34 does; words and order of events
 * follow that version, only waits are shorter (`Timing`). Its limits:
 *
 * - Containers need Linux namespaces (`whyNoContainers`). They see this machine's programs whatever their image is, and
 *   nothing else of it. Volumes cannot be mounted inside /usr, /etc and the like.
 * - Pods share the machine's network. Each has a loopback address of its own and finds the others of a headless Service in
 *   /etc/hosts, which stands in for the cluster's DNS; two pods cannot listen on all addresses at one port.
 * - JSON and YAML only: no protobuf, no tables, no schemas. `exec` speaks v4 and v5 of the channel protocol and
 *   `portforward` v4, over WebSockets; there is no SPDY and no `attach`.
 * - Server-side apply merges and remembers what each manager applied, but keeps no `managedFields` and finds no conflicts.
 * - No probes, no autoscaler, no storage provisioner: a claim is a folder; scheduling knows resources, taints, node
 *   affinity, required pod (anti-)affinity and preemption.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<StartedCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-kubernetes-'));
  const certificates = await makeCertificates();
  const { nodes = 'plain' } = options;
  const cluster = new Cluster({
    folder,
    certificates,
    nodes: typeof nodes === 'string' ? nodePresets[nodes] : nodes,
    namespaces: options.namespaces ?? [],
    kueue: options.kueue ?? false,
    jobSet: options.jobSet ?? false,
    timing: { ...quickTiming, ...options.timing },
    version: options.version ?? 'v1.34.9',
  });
  const token = `admin-${randomBytes(16).toString('hex')}`;
  cluster.users.add({ name: 'admin', groups: ['system:masters'] }, token, []);
  const url = `https://127.0.0.1:${await cluster.listen()}`;
  const pair = await certificates.client('kubernetes-admin', 'system:masters');
  const kubeconfig = kubeconfigText(
    url,
    certificates.ca.cert,
    { admin: { kind: 'token', token }, 'admin-by-certificate': { kind: 'certificate', pair } },
    [
      { name: 'admin', user: 'admin', namespace: 'default' },
      { name: 'certificate', user: 'admin-by-certificate', namespace: 'default' },
    ],
  );
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    kubeconfigPath: await write('kubeconfig', kubeconfig),
    kubeconfig,
    url,
    caCert: certificates.ca.cert,
    token,
    folder,
    control: cluster.control,
    writeKubeconfig: async (name, users, contexts) =>
      write(name, kubeconfigText(url, certificates.ca.cert, users, contexts)),
    stop: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
