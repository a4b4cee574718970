import type { V1JobSpec } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const endless = 'trap "exit 0" TERM; while :; do sleep 0.02; done';

describe.skipIf(noContainers !== null)('the life of a job in the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
  });
  afterAll(async () => cluster.stop());

  const create = async (name: string, command: string, spec: Partial<V1JobSpec> = {}): Promise<unknown> =>
    cluster.batch.createNamespacedJob({ namespace, body: shellJob(name, command, spec) });
  const conditionsOf = async (name: string): Promise<unknown> => {
    const { status } = await finishedJob(cluster, name);
    return status?.conditions?.map(({ type, reason }) => `${type} ${reason ?? ''}`);
  };

  it('tries again as often as it may', async () => {
    await create('again', 'exit 1', { backoffLimit: 2 });
    const job = await finishedJob(cluster, 'again');
    expect(job.status).toMatchObject({ failed: 3 });
    expect(await podsOf(cluster, 'again')).toHaveLength(3);
  });

  it('is ended after its deadline, and its pods go', async () => {
    await create('deadline', endless, { activeDeadlineSeconds: 1 });
    expect(await conditionsOf('deadline')).toEqual(['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']);
    await until(
      async () => podsOf(cluster, 'deadline'),
      (pods) => pods.length === 0,
    );
  });

  it('is suspended and goes on', async () => {
    await create('paused', endless);
    const first = nameOf(await runningPod(cluster, 'paused'));
    const suspend = async (value: boolean): Promise<unknown> =>
      cluster.batch.patchNamespacedJob({
        namespace,
        name: 'paused',
        body: [{ op: 'replace', path: '/spec/suspend', value }],
      });
    await suspend(true);
    await until(
      async () => podsOf(cluster, 'paused'),
      (pods) => pods.length === 0,
    );
    const { status } = await cluster.batch.readNamespacedJob({ namespace, name: 'paused' });
    expect(status?.conditions).toEqual([
      expect.objectContaining({ type: 'Suspended', status: 'True', reason: 'JobSuspended' }),
    ]);
    expect(status).not.toHaveProperty('failed');
    await suspend(false);
    expect(nameOf(await runningPod(cluster, 'paused'))).not.toBe(first);
  });

  it('is deleted with its pods when its time to live is over', async () => {
    await create('mortal', 'true', { ttlSecondsAfterFinished: 1 });
    await until(
      async () => cluster.batch.listNamespacedJob({ namespace, fieldSelector: 'metadata.name=mortal' }),
      ({ items }) => items.length === 0,
    );
    expect(await podsOf(cluster, 'mortal')).toEqual([]);
  });

  it('obeys its policy for failures: ignored ones count nothing, others end it at once', async () => {
    const rules = [{ action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } }];
    await create('policy', 'exit 42', { backoffLimit: 5, podFailurePolicy: { rules } });
    const job = await finishedJob(cluster, 'policy');
    expect(job.status?.conditions?.at(-1)).toMatchObject({ type: 'Failed', reason: 'PodFailurePolicy' });
    expect(job.status?.conditions?.at(-1)?.message).toMatch(
      /^Container main for pod default\/policy-.{5} failed with exit code 42 matching FailJob rule at index 0$/u,
    );
    const ignore = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }];
    await create('ignored', endless.replace('exit 0', 'exit 1'), { podFailurePolicy: { rules: ignore } });
    const name = nameOf(await runningPod(cluster, 'ignored'));
    await cluster.core.createNamespacedPodEviction({ namespace, name, body: { metadata: { name, namespace } } });
    await until(
      async () => podsOf(cluster, 'ignored'),
      (pods) => pods.some((pod) => nameOf(pod) !== name && pod.status?.phase === 'Running'),
    );
    const { status } = await cluster.batch.readNamespacedJob({ namespace, name: 'ignored' });
    expect(status?.failed ?? 0).toBe(0);
    expect(
      await refusal(
        create('policy-2', 'true', {
          template: { spec: shellPod('true', { restartPolicy: 'OnFailure' }) },
          podFailurePolicy: { rules },
        }),
      ),
    ).toMatchObject({ code: 422 });
  });

  it('lets the kubelet start containers again, and gives up with its pods gone', async () => {
    await create('on-failure', '', {
      backoffLimit: 1,
      template: { spec: shellPod('exit 1', { restartPolicy: 'OnFailure' }) },
    });
    expect(await conditionsOf('on-failure')).toEqual([
      'FailureTarget BackoffLimitExceeded',
      'Failed BackoffLimitExceeded',
    ]);
    await until(
      async () => podsOf(cluster, 'on-failure'),
      (pods) => pods.length === 0,
    );
  });

  it('replaces the pod of an index that failed, and counts indexes that are done', async () => {
    const volumes = [{ name: 'claim', persistentVolumeClaim: { claimName: 'shared' } }];
    await cluster.core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: {
        metadata: { name: 'shared' },
        spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
      },
    });
    const command =
      'f=/shared/$JOB_COMPLETION_INDEX; if [ $JOB_COMPLETION_INDEX = 1 ] && [ ! -e $f ]; then touch $f; exit 1; fi';
    const containers = [
      {
        name: 'main',
        image: 'a',
        command: ['sh', '-c', command],
        volumeMounts: [{ name: 'claim', mountPath: '/shared' }],
      },
    ];
    await create('indexes', '', {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      backoffLimit: 2,
      template: { spec: shellPod('', { containers, volumes }) },
    });
    expect((await finishedJob(cluster, 'indexes')).status).toMatchObject({
      completedIndexes: '0-2',
      succeeded: 3,
      failed: 1,
    });
  });

  it('gives the pods of a headless Service names that they find each other by', async () => {
    await cluster.core.createNamespacedService({
      namespace,
      body: {
        metadata: { name: 'ring' },
        spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { 'job-name': 'ring' } },
      },
    });
    const command =
      'until getent hosts ring-0.ring && getent hosts ring-1.ring.default.svc.cluster.local; do sleep 0.05; done; echo found; sleep 60';
    await create('ring', '', {
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      template: { spec: shellPod(command, { subdomain: 'ring' }) },
    });
    const logs = async (): Promise<string[]> => {
      const pods = await podsOf(cluster, 'ring');
      return Promise.all(
        pods.map(async (pod) => cluster.core.readNamespacedPodLog({ namespace, name: nameOf(pod) }).catch(() => '')),
      );
    };
    await until(logs, (all) => all.length === 2 && all.every((log) => log.includes('found')));
    const addresses = (await podsOf(cluster, 'ring')).map(({ status }) => status?.podIP);
    expect(new Set(addresses).size).toBe(2);
    expect((await logs())[0]).toContain(addresses[1] ?? 'no address');
  });

  it('takes what belongs to it with it', async () => {
    await create('owner', endless);
    const { metadata } = await cluster.batch.readNamespacedJob({ namespace, name: 'owner' });
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'owner', uid: metadata?.uid ?? '' };
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'owned', ownerReferences: [owner] } },
    });
    await cluster.core.createNamespacedSecret({
      namespace,
      body: {
        metadata: { name: 'never-owned', ownerReferences: [{ ...owner, uid: '11111111-2222-3333-4444-555555555555' }] },
      },
    });
    await cluster.batch.deleteNamespacedJob({ namespace, name: 'owner', body: { propagationPolicy: 'Background' } });
    await until(
      async () => cluster.core.listNamespacedSecret({ namespace }),
      ({ items }) => items.every((item) => !nameOf(item).endsWith('owned')),
    );
  });
});
