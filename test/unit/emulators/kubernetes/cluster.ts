import { setTimeout as delay } from 'node:timers/promises';
import {
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  type V1Job,
  type V1Pod,
  type V1PodSpec,
} from '@kubernetes/client-node';
import { whyNoContainers } from '../../../emulators/containers/containerProcess.ts';
import { type ClusterOptions, type StartedCluster, startCluster } from '../../../emulators/kubernetes/startCluster.ts';

/** Why tests whose pods run are skipped here; null where they are not. */
export const noContainers = whyNoContainers();

/** A cluster, with the vendor's own clients of it. */
export interface ClientCluster extends StartedCluster {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly authorization: AuthorizationV1Api;
}

export async function startWithClients(options: ClusterOptions = {}): Promise<ClientCluster> {
  const cluster = await startCluster(options);
  const config = configOf(cluster.kubeconfigPath);
  return {
    ...cluster,
    config,
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    authorization: config.makeApiClient(AuthorizationV1Api),
  };
}

export function configOf(path: string, context?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return config;
}

export const namespace = 'default';

/** A pod that runs a shell command in its container `main`. */
export function shellPod(command: string, more: Partial<V1PodSpec> = {}): V1PodSpec {
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', command] }],
    ...more,
  };
}

export function shellJob(name: string, command: string, more: Partial<V1Job['spec'] & object> = {}): V1Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, template: { spec: shellPod(command) }, ...more },
  };
}

/** Asks until the answer is what is waited for; an error of the asking is one too. */
export async function until<T>(ask: () => Promise<T>, isGood: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) {
      return answer;
    }
    await delay(15);
  }
}

export async function finishedJob({ batch }: ClientCluster, name: string): Promise<V1Job> {
  return until(
    async () => batch.readNamespacedJob({ name, namespace }),
    ({ status }) =>
      status?.conditions?.some(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True') ===
      true,
  );
}

export async function podsOf({ core }: ClientCluster, job: string): Promise<V1Pod[]> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
  return items;
}

export async function runningPod(cluster: ClientCluster, job: string): Promise<V1Pod> {
  const [pod] = await until(
    async () => podsOf(cluster, job),
    ([first]) => first?.status?.phase === 'Running',
  );
  if (pod === undefined) {
    throw new Error(`The job ${job} has no pod.`);
  }
  return pod;
}

export function nameOf({ metadata }: { metadata?: { name?: string } }): string {
  return metadata?.name ?? '';
}

/** What the server refused a request with: its Status, and the HTTP code. */
export async function refusal(
  request: Promise<unknown>,
): Promise<{ readonly code: number; readonly status: Record<string, unknown> }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'body' in error) {
      const body: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
      return { code: Number(error.code), status: (body ?? {}) as Record<string, unknown> };
    }
    throw error;
  }
  throw new Error('The server was expected to refuse this.');
}
