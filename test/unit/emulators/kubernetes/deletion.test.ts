import type { V1DeleteOptions } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClientCluster,
  nameOf,
  namespace,
  noContainers,
  podsOf,
  refusal,
  runningPod,
  shellJob,
  startWithClients,
  until,
} from './cluster.ts';

/** `gone`: with its job. `orphaned`: runs on. */
type Fate = 'gone' | 'orphaned';

const calls: readonly {
  readonly title: string;
  readonly query?: { readonly propagationPolicy: string };
  readonly body?: V1DeleteOptions;
  readonly pods: Fate;
}[] = [
  { title: 'no policy at all', pods: 'orphaned' },
  { title: 'Background in the query', query: { propagationPolicy: 'Background' }, pods: 'gone' },
  { title: 'Background in the body', body: { propagationPolicy: 'Background' }, pods: 'gone' },
  {
    title: 'Foreground in the query, which a body makes the server ignore',
    query: { propagationPolicy: 'Foreground' },
    body: { gracePeriodSeconds: 1 },
    pods: 'orphaned',
  },
  { title: 'Foreground in the body', body: { propagationPolicy: 'Foreground' }, pods: 'gone' },
];

describe.skipIf(noContainers !== null)('deleting a running job', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
  });
  afterAll(async () => cluster.stop());

  it.each(calls.map((call, index) => ({ ...call, name: `delete-${index}` })))(
    'with $title: pods are $pods',
    async ({ name, query, body, pods: fate }) => {
      const { batch } = cluster;
      await batch.createNamespacedJob({
        namespace,
        body: shellJob(name, 'trap "exit 0" TERM; while :; do sleep 0.05; done'),
      });
      const { metadata } = await runningPod(cluster, name);
      await batch.deleteNamespacedJob({ namespace, name, ...query, ...(body === undefined ? {} : { body }) });
      await until(
        async () => batch.listNamespacedJob({ namespace, fieldSelector: `metadata.name=${name}` }),
        ({ items }) => items.length === 0,
      );
      if (fate === 'gone') {
        await until(
          async () => podsOf(cluster, name),
          (pods) => pods.length === 0,
        );
      } else {
        const [pod] = await until(
          async () => podsOf(cluster, name),
          ([first]) => first?.metadata?.ownerReferences === undefined,
        );
        expect(pod).toMatchObject({ metadata: { uid: metadata?.uid }, status: { phase: 'Running' } });
        await cluster.core.deleteNamespacedPod({ namespace, name: nameOf(pod ?? {}) });
      }
    },
  );

  it('shows a job that waits for its pods as being deleted', async () => {
    const { batch } = cluster;
    const name = 'foreground';
    await batch.createNamespacedJob({ namespace, body: shellJob(name, 'while :; do sleep 0.05; done') });
    await runningPod(cluster, name);
    await batch.deleteNamespacedJob({ namespace, name, body: { propagationPolicy: 'Foreground' } });
    const job = await batch.readNamespacedJob({ namespace, name });
    expect(job.metadata?.finalizers).toEqual(['foregroundDeletion']);
    expect(job.metadata?.deletionTimestamp).toBeInstanceOf(Date);
    await until(
      async () => podsOf(cluster, name),
      (pods) => pods.length === 0,
    );
    await until(
      async () => batch.listNamespacedJob({ namespace, fieldSelector: `metadata.name=${name}` }),
      ({ items }) => items.length === 0,
    );
  });

  it('with the uid of another job is a conflict and touches nothing', async () => {
    const { batch } = cluster;
    const name = 'other-uid';
    await batch.createNamespacedJob({ namespace, body: shellJob(name, 'true') });
    const { code, status } = await refusal(
      batch.deleteNamespacedJob({
        namespace,
        name,
        body: { propagationPolicy: 'Foreground', preconditions: { uid: '11111111-2222-3333-4444-555555555555' } },
      }),
    );
    expect({ code, reason: status['reason'] }).toEqual({ code: 409, reason: 'Conflict' });
    expect(status['message']).toMatch(
      /^Operation cannot be fulfilled on jobs\.batch "other-uid": the UID in the precondition \(1{8}-.*\) does not match the UID in record \(/u,
    );
    expect((await batch.readNamespacedJob({ namespace, name })).metadata?.deletionTimestamp).toBeUndefined();
  });
});
