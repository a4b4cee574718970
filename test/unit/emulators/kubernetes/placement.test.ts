import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods as podType, priorityClasses, resourceQuotas } from '../../../emulators/kubernetes/objects/resources.ts';
import type { Pod } from '../../../emulators/kubernetes/objects/types.ts';
import {
  type ClientCluster,
  finishedJob,
  nameOf,
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

const gpu = (count: number): object => ({
  requests: { 'nvidia.com/gpu': String(count) },
  limits: { 'nvidia.com/gpu': String(count) },
});

function gpuJob(name: string, count: number, pod = {}, spec = {}): ReturnType<typeof shellJob> {
  const containers = [
    { name: 'main', image: 'a', command: ['sh', '-c', 'while :; do sleep 0.05; done'], resources: gpu(count) },
  ];
  return shellJob(name, '', { template: { spec: shellPod('', { containers, ...pod }) }, ...spec });
}

describe.skipIf(noContainers !== null)('where pods of the emulated cluster go', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients({ nodes: 'nvidia', namespaces: ['strict'], timing: { nodeGrace: 50 } });
  });
  afterAll(async () => cluster.stop());

  const create = async (job: ReturnType<typeof shellJob>): Promise<unknown> =>
    cluster.batch.createNamespacedJob({ namespace, body: job });
  const remove = async (name: string): Promise<void> => {
    await cluster.batch.deleteNamespacedJob({ namespace, name, body: { propagationPolicy: 'Background' } });
    await until(
      async () => podsOf(cluster, name),
      (pods) => pods.length === 0,
    );
  };
  const whyUnschedulable = async (job: string): Promise<string | undefined> => {
    const pods = await until(
      async () => podsOf(cluster, job),
      ([pod]) =>
        pod?.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'False') === true,
    );
    return pods[0]?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;
  };
  const eventTexts = async (reason: string): Promise<(string | undefined)[]> => {
    const { items } = await cluster.core.listNamespacedEvent({ namespace, fieldSelector: `reason=${reason}` });
    return items.map(({ message }) => message);
  };

  it('counts GPUs, and says which are missing in the words of the scheduler', async () => {
    await create(gpuJob('whole', 8, {}, { parallelism: 2, completions: 2 }));
    await until(
      async () => podsOf(cluster, 'whole'),
      (pods) => pods.filter(({ status }) => status?.phase === 'Running').length === 2,
    );
    await create(gpuJob('waiting', 1));
    expect(await whyUnschedulable('waiting')).toBe(
      '0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    );
    expect(await eventTexts('FailedScheduling')).toContainEqual(
      expect.stringContaining('3 Insufficient nvidia.com/gpu'),
    );
    await remove('whole');
    await runningPod(cluster, 'waiting');
    await remove('waiting');
  });

  it('keeps to selectors, affinity and taints', async () => {
    await create(gpuJob('elsewhere', 1, { nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-B200' } }));
    expect(await whyUnschedulable('elsewhere')).toMatch(
      /^0\/3 nodes are available: 3 node\(s\) didn't match Pod's node affinity\/selector\. preemption: /u,
    );
    cluster.control.taint('gpu-1', { key: 'sku', value: 'gpu', effect: 'NoSchedule' });
    await create(gpuJob('tainted', 1, { nodeSelector: { 'kubernetes.io/hostname': 'gpu-1' } }));
    expect(await whyUnschedulable('tainted')).toContain('1 node(s) had untolerated taint {sku: gpu}');
    await create(
      gpuJob('tolerant', 1, {
        nodeSelector: { 'kubernetes.io/hostname': 'gpu-1' },
        tolerations: [{ key: 'sku', operator: 'Exists' }],
      }),
    );
    expect((await runningPod(cluster, 'tolerant')).spec?.nodeName).toBe('gpu-1');
    await Promise.all(['elsewhere', 'tainted', 'tolerant'].map(remove));
  });

  it('ends what is less important, and says so', async () => {
    cluster.control.create(priorityClasses, '', { metadata: { name: 'urgent' }, value: 1000 });
    const rules = [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }];
    const small = { nodeSelector: { 'kubernetes.io/hostname': 'gpu-2' } };
    await create(gpuJob('small', 8, small, { podFailurePolicy: { rules } }));
    await runningPod(cluster, 'small');
    await create(gpuJob('urgent', 8, { ...small, priorityClassName: 'urgent' }));
    const job = await finishedJob(cluster, 'small');
    const failed = job.status?.conditions?.find(({ type }) => type === 'Failed');
    expect(failed).toMatchObject({ reason: 'PodFailurePolicy' });
    expect(failed?.message).toMatch(
      /^Pod default\/small-.{5} has condition DisruptionTarget matching FailJob rule at index 0$/u,
    );
    await runningPod(cluster, 'urgent');
    await remove('urgent');
  });

  it('refuses pods of a class that is not there', async () => {
    await create(gpuJob('classless', 1, { priorityClassName: 'no-such-class' }));
    await until(
      async () => eventTexts('FailedCreate'),
      (texts) =>
        texts.includes(
          'Error creating: pods "classless-" is forbidden: no PriorityClass with name no-such-class was found',
        ),
    );
  });

  it('keeps to quotas: of jobs at once, of what pods ask for in an event', async () => {
    cluster.control.create(resourceQuotas, namespace, {
      metadata: { name: 'rq' },
      spec: { hard: { 'requests.nvidia.com/gpu': '4', 'count/jobs.batch': '1000' } },
    });
    await create(gpuJob('greedy', 8));
    const [text] = await until(
      async () => (await eventTexts('FailedCreate')).filter((one) => one?.includes('greedy-') === true),
      (texts) => texts.length > 0,
    );
    expect(text).toBe(
      'Error creating: pods "greedy-" is forbidden: exceeded quota: rq, requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=4',
    );
    expect(await cluster.batch.readNamespacedJob({ namespace, name: 'greedy' })).toMatchObject({
      status: { ready: 0 },
    });
    await create(gpuJob('modest', 4));
    await runningPod(cluster, 'modest');
    await until(
      async () => cluster.core.readNamespacedResourceQuota({ namespace, name: 'rq' }),
      ({ status }) => status?.used?.['requests.nvidia.com/gpu'] === '4',
    );
    const { length } = (await cluster.batch.listNamespacedJob({ namespace })).items;
    await cluster.core.patchNamespacedResourceQuota({
      namespace,
      name: 'rq',
      body: [{ op: 'replace', path: '/spec/hard/count~1jobs.batch', value: String(length) }],
    });
    expect(await refusal(create(gpuJob('one-too-many', 1)))).toMatchObject({
      code: 403,
      status: {
        reason: 'Forbidden',
        message: `jobs.batch "one-too-many" is forbidden: exceeded quota: rq, requested: count/jobs.batch=1, used: count/jobs.batch=${length}, limited: count/jobs.batch=${length}`,
      },
    });
    await cluster.core.deleteNamespacedResourceQuota({ namespace, name: 'rq' });
    await Promise.all(['greedy', 'modest'].map(remove));
  });

  it('refuses pods that say less than a quota counts, and accounts that are not there', async () => {
    const hard = { 'limits.cpu': '4', memory: '8Gi' };
    cluster.control.create(resourceQuotas, namespace, { metadata: { name: 'exact' }, spec: { hard } });
    const pod = async (name: string, spec = {}): Promise<unknown> =>
      cluster.core.createNamespacedPod({
        namespace,
        dryRun: 'All',
        body: { metadata: { name }, spec: shellPod('true', spec) },
      });
    expect(await refusal(pod('vague'))).toMatchObject({
      code: 403,
      status: {
        message:
          'pods "vague" is forbidden: failed quota: exact: must specify limits.cpu for: main; requests.memory for: main',
      },
    });
    await cluster.core.deleteNamespacedResourceQuota({ namespace, name: 'exact' });
    expect(await refusal(pod('nobody', { serviceAccountName: 'nobody' }))).toMatchObject({
      code: 403,
      status: {
        message: `pods "nobody" is forbidden: error looking up service account ${namespace}/nobody: serviceaccount "nobody" not found`,
      },
    });
  });

  it('refuses pods that a namespace holds for unsafe, in an event of the job', async () => {
    await cluster.core.patchNamespace({
      name: 'strict',
      body: [{ op: 'add', path: '/metadata/labels/pod-security.kubernetes.io~1enforce', value: 'restricted' }],
    });
    await cluster.batch.createNamespacedJob({ namespace: 'strict', body: shellJob('unsafe', 'true') });
    const [event] = await until(
      async () => (await cluster.core.listNamespacedEvent({ namespace: 'strict' })).items,
      (items) => items.length > 0,
    );
    expect(event).toMatchObject({ type: 'Warning', reason: 'FailedCreate' });
    expect(event?.message).toBe(
      'Error creating: pods "unsafe-" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  it('loses a node: Unknown, then its pods are marked and stay Terminating until it is back', async () => {
    const on = { nodeSelector: { 'kubernetes.io/hostname': 'gpu-2' } };
    const tolerations = ['not-ready', 'unreachable'].map((what) => ({
      key: `node.kubernetes.io/${what}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 1,
    }));
    await create(gpuJob('lost', 1, { ...on, tolerations }));
    const name = nameOf(await runningPod(cluster, 'lost'));
    cluster.control.stopKubelet('gpu-2');
    await until(
      async () => cluster.core.readNode({ name: 'gpu-2' }),
      ({ status }) =>
        status?.conditions?.some(
          ({ type, status: is, reason }) => type === 'Ready' && is === 'Unknown' && reason === 'NodeStatusUnknown',
        ) === true,
    );
    const pod = await until(
      async () => cluster.core.readNamespacedPod({ namespace, name }),
      ({ metadata }) => metadata?.deletionTimestamp !== undefined,
    );
    expect(pod.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      }),
    );
    expect(pod.status?.phase).toBe('Running');
    cluster.control.startKubelet('gpu-2');
    await until(
      async () => cluster.core.listNamespacedPod({ namespace, fieldSelector: `metadata.name=${name}` }),
      ({ items }) => items.length === 0,
    );
    await remove('lost');
  });

  it('ends a pod whose node runs out of something', async () => {
    await create(gpuJob('evicted-by-kubelet', 1));
    const name = nameOf(await runningPod(cluster, 'evicted-by-kubelet'));
    const stored = cluster.control.get(podType, namespace, name);
    await cluster.control.evictByKubelet(stored as Pod);
    const { status } = await cluster.core.readNamespacedPod({ namespace, name });
    expect(status).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: ephemeral-storage.',
    });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
    );
    expect((await finishedJob(cluster, 'evicted-by-kubelet')).status).toMatchObject({ failed: 1 });
  });

  it('evicts on request, unless that is protected', async () => {
    await create(gpuJob('evicted', 1, {}, { backoffLimit: 3 }));
    const first = nameOf(await runningPod(cluster, 'evicted'));
    const eviction = { namespace, name: first, body: { metadata: { name: first, namespace } } };
    cluster.control.protect(({ metadata }) => metadata.name === first);
    expect(await refusal(cluster.core.createNamespacedPodEviction(eviction))).toMatchObject({
      code: 429,
      status: { message: "Cannot evict pod as it would violate the pod's disruption budget." },
    });
    cluster.control.protect(() => false);
    await cluster.core.createNamespacedPodEviction(eviction);
    const pods = await until(
      async () => podsOf(cluster, 'evicted'),
      (all) => all.some(({ status }) => status?.phase === 'Running') && all.every((pod) => nameOf(pod) !== first),
    );
    expect(pods).toHaveLength(1);
    await remove('evicted');
  });
});
