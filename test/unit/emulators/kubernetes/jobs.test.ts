import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClientCluster,
  finishedJob,
  nameOf,
  namespace,
  noContainers,
  podsOf,
  shellJob,
  shellPod,
  startWithClients,
} from './cluster.ts';

describe.skipIf(noContainers !== null)(
  `jobs of the emulated cluster${noContainers === null ? '' : ` (skipped: ${noContainers})`}`,
  () => {
    let cluster: ClientCluster;
    beforeAll(async () => {
      cluster = await startWithClients();
    });
    afterAll(async () => cluster.stop());

    it('runs a job to its end, with its code at an absolute path', async () => {
      const { batch, core } = cluster;
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'code' }, data: { 'main.sh': 'echo "hello from $0"; pwd; ls' } },
      });
      await batch.createNamespacedJob({
        namespace,
        body: shellJob('hello', '', {
          template: {
            spec: shellPod('', {
              containers: [
                {
                  name: 'main',
                  image: 'busybox',
                  command: ['sh', 'main.sh'],
                  workingDir: '/code',
                  volumeMounts: [{ name: 'code', mountPath: '/code' }],
                },
              ],
              volumes: [{ name: 'code', configMap: { name: 'code' } }],
            }),
          },
        }),
      });
      const job = await finishedJob(cluster, 'hello');
      expect(job.status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
      expect(job.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
        ['SuccessCriteriaMet', 'CompletionsReached'],
        ['Complete', 'CompletionsReached'],
      ]);
      const [pod] = await podsOf(cluster, 'hello');
      expect(pod?.status).toMatchObject({
        phase: 'Succeeded',
        containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
      });
      const log = await core.readNamespacedPodLog({ namespace, name: nameOf(pod ?? {}) });
      expect(log).toBe('hello from main.sh\n/code\nmain.sh\n');
    });

    it('gives each pod of an indexed job its index and its name', async () => {
      const { batch, core } = cluster;
      await batch.createNamespacedJob({
        namespace,
        body: shellJob('ranks', 'echo "$JOB_COMPLETION_INDEX $(hostname)"', {
          completionMode: 'Indexed',
          completions: 2,
          parallelism: 2,
        }),
      });
      const job = await finishedJob(cluster, 'ranks');
      expect(job.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1' });
      const pods = await podsOf(cluster, 'ranks');
      const logs = await Promise.all(
        pods.map(async (pod) => core.readNamespacedPodLog({ namespace, name: nameOf(pod) })),
      );
      expect(logs).toEqual(['0 ranks-0\n', '1 ranks-1\n']);
      expect(nameOf(pods[0] ?? {})).toMatch(/^ranks-0-[a-z0-9]{5}$/u);
    });

    it('fails a job whose container fails, and keeps its pod', async () => {
      await cluster.batch.createNamespacedJob({ namespace, body: shellJob('fails', 'echo no; exit 3') });
      const job = await finishedJob(cluster, 'fails');
      expect(job.status).toMatchObject({ failed: 1 });
      expect(job.status?.conditions?.map(({ type, reason, message }) => [type, reason, message])).toEqual([
        ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
        ['Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
      ]);
      const [pod] = await podsOf(cluster, 'fails');
      expect(pod?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    });
  },
);
