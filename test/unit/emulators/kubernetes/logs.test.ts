import { Log } from '@kubernetes/client-node';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods as podType } from '../../../emulators/kubernetes/objects/resources.ts';
import type { Pod } from '../../../emulators/kubernetes/objects/types.ts';
import {
  type ClientCluster,
  finishedJob,
  nameOf,
  namespace,
  noContainers,
  podsOf,
  runningPod,
  shellJob,
  shellPod,
  startWithClients,
  until,
} from './cluster.ts';
import { type RawAnswer, rawJson, rawRequest } from './rawRequest.ts';

describe.skipIf(noContainers !== null)('logs of the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
  });
  afterAll(async () => cluster.stop());

  /** The name of the pod of a job that has ended. */
  const ended = async (job: string, command: string): Promise<string> => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob(job, command) });
    await finishedJob(cluster, job);
    return nameOf((await podsOf(cluster, job))[0] ?? {});
  };
  const running = async (job: string, command: string): Promise<string> => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob(job, command) });
    return nameOf(await runningPod(cluster, job));
  };
  const read = async (pod: string, query = ''): Promise<RawAnswer> =>
    rawRequest(cluster, `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`);
  const stored = (name: string): Pod => cluster.control.get(podType, namespace, name) as Pod;

  it('gives every byte, in a file of both streams', async () => {
    const pod = await ended('bytes', String.raw`printf 'half \303'; printf '\251 whole\n\377\000no end'`);
    const answer = await cluster.core.readNamespacedPodLog({ namespace, name: pod });
    expect(answer.startsWith('half é whole\n')).toBe(true);
    expect((await read(pod, 'timestamps=true')).text).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z half é whole\n\d{4}-.*Z .*no end$/su,
    );
  });

  it('cuts lines beyond 16 KiB into parts in the file, and shows none of it', async () => {
    const pod = await ended('long', `head -c 40000 /dev/zero | tr '\\0' x; echo; echo after`);
    expect((await read(pod)).text).toBe(`${'x'.repeat(40_000)}\nafter\n`);
    const stamped = (await read(pod, 'timestamps=true')).text.split('\n');
    expect(stamped.map((line) => line.replace(/^\S+ /u, ''))).toEqual(['x'.repeat(40_000), 'after', '']);
  });

  it('takes tailLines, limitBytes and their limits', async () => {
    const pod = await ended('tail', 'for i in 1 2 3 4 5; do echo line $i; done');
    expect((await read(pod, 'tailLines=2')).text).toBe('line 4\nline 5\n');
    expect((await read(pod, 'tailLines=0')).text).toBe('');
    expect((await read(pod, 'limitBytes=9')).text).toBe('line 1\nli');
    expect(await rawJson(cluster, `/api/v1/namespaces/${namespace}/pods/${pod}/log?tailLines=-1`)).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
    expect(await rawJson(cluster, `/api/v1/namespaces/${namespace}/pods/${pod}/log?stream=Stderr`)).toMatchObject({
      code: 422,
    });
  });

  it('loses the fraction of sinceTime: lines from before it come again', async () => {
    const pod = await ended('since', 'echo one; sleep 0.02; echo two');
    const [first = '', second = ''] = (await read(pod, 'timestamps=true')).text.split('\n');
    const secondStamp = second.split(' ')[0] ?? '';
    const again = (await read(pod, `timestamps=true&sinceTime=${secondStamp}`)).text.split('\n');
    const isSameSecond = first.slice(0, 19) === second.slice(0, 19);
    expect(again.slice(0, -1)).toEqual(isSameSecond ? [first, second] : [second]);
    const nextSecond = new Date(Date.parse(secondStamp) + 1000).toISOString();
    expect((await read(pod, `sinceTime=${nextSecond}`)).text).toBe('');
    expect((await read(pod, 'sinceSeconds=600')).text).toBe('one\ntwo\n');
  });

  it('can give several lines the same time', async () => {
    cluster.control.coarsenLogTimes(1_000_000_000);
    const pod = await ended('coarse', 'for i in 1 2 3 4 5 6; do echo $i; done');
    cluster.control.coarsenLogTimes(1);
    const times = (await read(pod, 'timestamps=true')).text.split('\n').map((line) => line.split(' ')[0]);
    expect(new Set(times.slice(0, -1)).size).toBeLessThanOrEqual(2);
    expect(times[0]).toMatch(/\.0{9}Z$/u);
  });

  it('follows until the container has ended', async () => {
    const pod = await running('follow', 'for i in 1 2 3; do echo $i; sleep 0.1; done');
    const answer = await read(pod, 'follow=true');
    expect(answer).toMatchObject({ text: '1\n2\n3\n', isCut: false });
  });

  it("serves the vendor's Log", async () => {
    const pod = await running('vendor', 'for i in 1 2 3; do echo $i; sleep 0.1; done');
    const sink = new PassThrough();
    await new Log(cluster.config).log(namespace, pod, 'main', sink, { follow: true });
    expect(await text(sink)).toBe('1\n2\n3\n');
  });

  it('loses nothing to rotation while it follows, and has only the current file afterwards', async () => {
    const pod = await running('rotated', 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); sleep 0.002; done');
    const followed = read(pod, 'follow=true');
    let rotations = 0;
    await until(
      async () => cluster.batch.readNamespacedJob({ namespace, name: 'rotated' }),
      ({ status }) => {
        cluster.control.rotateLog(stored(pod), 'main');
        rotations += 1;
        return status?.succeeded === 1;
      },
    );
    expect(rotations).toBeGreaterThan(2);
    const all = Array.from({ length: 300 }, (_, index) => `line ${index}\n`);
    expect((await followed).text).toBe(all.join(''));
    expect((await read(pod)).text.length).toBeLessThan(all.join('').length);
  });

  it('ends well when the kubelet restarts, though the container goes on', async () => {
    const pod = await running('restart', 'echo begun; while :; do sleep 0.05; done');
    const followed = read(pod, 'follow=true');
    await until(
      async () => read(pod),
      ({ text: said }) => said === 'begun\n',
    );
    cluster.control.endLogs();
    expect(await followed).toMatchObject({ text: 'begun\n', isCut: false });
    expect(stored(pod).status.phase).toBe('Running');
  });

  it('says 500 with what dialling the kubelet gave while that is down', async () => {
    const pod = await running('unreachable', 'echo begun; while :; do sleep 0.05; done');
    const node = stored(pod).spec.nodeName ?? '';
    cluster.control.stopKubelet(node);
    const { code, text: said } = await read(pod, 'container=main');
    cluster.control.startKubelet(node);
    expect(code).toBe(500);
    expect(JSON.parse(said)).toMatchObject({
      kind: 'Status',
      code: 500,
      message: expect.stringMatching(
        /^Get "https:\/\/10\.0\.0\.\d+:10250\/containerLogs\/default\/unreachable-.{5}\/main": dial tcp 10\.0\.0\.\d+:10250: connect: connection refused$/u,
      ) as unknown,
    });
  });

  it('says why there is no log', async () => {
    const logPath = (pod: string, query = ''): string => `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
    expect(await rawJson(cluster, logPath('nobody'))).toMatchObject({ code: 404, message: 'pods "nobody" not found' });
    cluster.control.images.allowOnly(['busybox:1.36']);
    const waits = { containers: [{ name: 'main', image: 'gone' }] };
    await cluster.core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'waits' }, spec: shellPod('', waits) },
    });
    await until(
      async () => stored('waits').status.containerStatuses?.[0]?.state.waiting?.reason,
      (reason) => reason === 'ImagePullBackOff',
    );
    expect(await rawJson(cluster, logPath('waits'))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: 'container "main" in pod "waits" is waiting to start: trying and failing to pull image',
    });
    expect(await rawJson(cluster, logPath('waits', 'container=other'))).toMatchObject({
      code: 400,
      message: 'container other is not valid for pod waits',
    });
    cluster.control.images.allowAll();
    const pod = await ended('no-previous', 'true');
    expect(await rawJson(cluster, logPath(pod, 'previous=true'))).toMatchObject({
      code: 400,
      message: `previous terminated container "main" in pod "${pod}" not found`,
    });
  });

  it('keeps the log of the instance before a restart', async () => {
    const template = {
      spec: shellPod('', {
        restartPolicy: 'OnFailure',
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sh', '-c', 'if [ -e /state/x ]; then echo second; else echo first; touch /state/x; exit 1; fi'],
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          },
        ],
      }),
    };
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob('again', '', { template, backoffLimit: 3 }) });
    await finishedJob(cluster, 'again');
    const pod = nameOf((await podsOf(cluster, 'again'))[0] ?? {});
    expect(stored(pod).status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    expect((await read(pod)).text).toBe('second\n');
    expect((await read(pod, 'previous=true')).text).toBe('first\n');
  });
});
