import { CustomObjectsApi } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition, KubeObject } from '../../../emulators/kubernetes/objects/types.ts';
import {
  type ClientCluster,
  finishedJob,
  namespace,
  noContainers,
  podsOf,
  refusal,
  runningPod,
  shellJob,
  shellPod,
  startWithClients,
  until,
} from './cluster.ts';
import { rawJson } from './rawRequest.ts';

interface Custom extends KubeObject {
  status?: { conditions?: Condition[]; terminalState?: string; replicatedJobsStatus?: { name: string }[] };
}

const kueue = { group: 'kueue.x-k8s.io', version: 'v1beta2', namespace };
const jobSet = { group: 'jobset.x-k8s.io', version: 'v1alpha2', namespace, plural: 'jobsets' };

describe.skipIf(noContainers !== null)('Kueue and JobSet in the emulated cluster', () => {
  let cluster: ClientCluster;
  let custom: CustomObjectsApi;
  beforeAll(async () => {
    cluster = await startWithClients({ kueue: true, jobSet: true });
    custom = cluster.config.makeApiClient(CustomObjectsApi);
    cluster.control.kueue.addQueue(namespace, 'team');
    cluster.control.kueue.addQueue(namespace, 'open', true);
  });
  afterAll(async () => cluster.stop());

  const queued = async (name: string, queue: string, command = 'true'): Promise<string> => {
    const body = shellJob(name, command);
    body.metadata = { name, labels: { 'kueue.x-k8s.io/queue-name': queue } };
    const { metadata, spec } = await cluster.batch.createNamespacedJob({ namespace, body });
    expect(spec?.suspend).toBe(true);
    return metadata?.uid ?? '';
  };
  const workload = async (uid: string): Promise<Custom> => {
    const list = await until(
      async () =>
        custom.listNamespacedCustomObject({
          ...kueue,
          plural: 'workloads',
          labelSelector: `kueue.x-k8s.io/job-uid=${uid}`,
        }) as Promise<{ items: Custom[] }>,
      ({ items }) => items[0]?.status?.conditions !== undefined,
    );
    return list.items[0] as Custom;
  };
  const conditionsOf = ({ status }: Custom): Record<string, string> =>
    Object.fromEntries(
      (status?.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason ?? ''}`]),
    );

  it('serves their groups and lists queues', async () => {
    expect(await rawJson(cluster, '/apis/jobset.x-k8s.io')).toMatchObject({
      preferredVersion: { version: 'v1alpha2' },
    });
    const list = (await custom.listNamespacedCustomObject({ ...kueue, plural: 'localqueues' })) as { items: Custom[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['open', 'team']);
  });

  it('holds a job until it is admitted, and says what it waits for', async () => {
    const uid = await queued('waits', 'team');
    await until(
      async () => cluster.batch.readNamespacedJob({ namespace, name: 'waits' }),
      ({ status }) => status?.conditions?.some(({ type }) => type === 'Suspended') === true,
    );
    const message =
      "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor h100, 8 more needed";
    cluster.control.kueue.wait(namespace, 'waits', { reason: 'Pending', message });
    expect(await workload(uid)).toMatchObject({
      status: { conditions: [{ type: 'QuotaReserved', status: 'False', message }] },
    });
    expect(await podsOf(cluster, 'waits')).toEqual([]);
    cluster.control.kueue.admit(namespace, 'waits');
    await finishedJob(cluster, 'waits');
    await until(
      async () => workload(uid),
      (one) => conditionsOf(one)['Finished'] === 'True Succeeded',
    );
  });

  it('names a queue that is not there', async () => {
    const uid = await queued('nowhere', 'no-such-queue');
    expect(await workload(uid)).toMatchObject({
      status: {
        conditions: [
          {
            type: 'QuotaReserved',
            status: 'False',
            reason: 'Inadmissible',
            message: "LocalQueue no-such-queue doesn't exist",
          },
        ],
      },
    });
  });

  it('admits at once where the queue is open, and takes it back', async () => {
    const uid = await queued('taken', 'open', 'trap "exit 1" TERM; while :; do sleep 0.02; done');
    await runningPod(cluster, 'taken');
    cluster.control.kueue.evict(namespace, 'taken');
    await until(
      async () => podsOf(cluster, 'taken'),
      (pods) => pods.length === 0,
    );
    expect(conditionsOf(await workload(uid))).toMatchObject({
      Evicted: 'True Preempted',
      Preempted: 'True InClusterQueue',
      QuotaReserved: 'False Pending',
      Admitted: 'False NoReservation',
    });
    cluster.control.kueue.admit(namespace, 'taken');
    await runningPod(cluster, 'taken');
  });

  const makeSet = async (name: string, command: string, failurePolicy = {}): Promise<void> => {
    const template = {
      spec: { backoffLimit: 0, completions: 2, parallelism: 2, template: { spec: shellPod(command) } },
    };
    const body = {
      metadata: { name },
      spec: { failurePolicy, replicatedJobs: [{ name: 'workers', replicas: 1, template }] },
    };
    await custom.createNamespacedCustomObject({ ...jobSet, body });
  };
  const endedSet = async (name: string): Promise<Custom> =>
    until(
      async () => custom.getNamespacedCustomObject({ ...jobSet, name }) as Promise<Custom>,
      ({ status }) => status?.terminalState !== undefined,
    );

  it('runs a JobSet, whose pods find each other', async () => {
    await makeSet(
      'set',
      'until getent hosts set-workers-0-0.set && getent hosts set-workers-0-1.set; do sleep 0.05; done; sleep 0.5',
    );
    const set = await endedSet('set');
    expect(set.status).toMatchObject({
      terminalState: 'Completed',
      conditions: [{ type: 'Completed', reason: 'AllJobsCompleted' }],
    });
    const pods = await podsOf(cluster, 'set-workers-0');
    expect(pods.map(({ metadata }) => metadata?.labels?.['jobset.sigs.k8s.io/jobset-name'])).toEqual(['set', 'set']);
    await custom.deleteNamespacedCustomObject({ ...jobSet, name: 'set', body: { propagationPolicy: 'Background' } });
    await until(
      async () => podsOf(cluster, 'set-workers-0'),
      (left) => left.length === 0,
    );
  });

  it('fails a JobSet with its first job that fails, after its restarts', async () => {
    await makeSet('fails', 'exit 1', { maxRestarts: 1 });
    expect((await endedSet('fails')).status).toMatchObject({
      terminalState: 'Failed',
      restarts: 1,
      conditions: [{ type: 'Failed', reason: 'ReachedMaxRestarts' }],
    });
  });

  it('takes a status for a custom resource from those who may set it', async () => {
    const status = { terminalState: 'Completed' };
    await makeSet('patched', 'sleep 60');
    await expect(refusal(custom.getNamespacedCustomObject({ ...jobSet, name: 'nobody' }))).resolves.toMatchObject({
      code: 404,
    });
    const patched = await rawJson(
      cluster,
      `/apis/jobset.x-k8s.io/v1alpha2/namespaces/${namespace}/jobsets/patched/status`,
      {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ status }),
      },
    );
    expect(patched['status']).toMatchObject(status);
  });
});
