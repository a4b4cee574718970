import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods as podType } from '../../../emulators/kubernetes/objects/resources.ts';
import type { Pod } from '../../../emulators/kubernetes/objects/types.ts';
import { type ClientCluster, namespace, noContainers, shellPod, startWithClients, until } from './cluster.ts';

describe.skipIf(noContainers !== null)('the life of a pod in the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients();
  });
  afterAll(async () => cluster.stop());

  const create = async (name: string, spec: V1PodSpec): Promise<void> => {
    await cluster.core.createNamespacedPod({ namespace, body: { metadata: { name }, spec } });
  };
  const stored = (name: string): Pod => cluster.control.get(podType, namespace, name) as Pod;
  const when = async (name: string, isSo: (pod: Pod) => boolean): Promise<Pod> => until(async () => stored(name), isSo);
  const over = async (name: string): Promise<Pod> =>
    when(name, ({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed');
  const log = async (name: string, container?: string): Promise<string> =>
    cluster.core.readNamespacedPodLog({ namespace, name, ...(container === undefined ? {} : { container }) });
  const shell = (name: string, command: string, more: Partial<V1Container> = {}): V1Container => ({
    name,
    image: 'busybox',
    command: ['sh', '-c', command],
    ...more,
  });
  const eventReasons = async (name: string): Promise<(string | undefined)[]> => {
    const { items } = await cluster.core.listNamespacedEvent({
      namespace,
      fieldSelector: `involvedObject.name=${name}`,
    });
    return items.map(({ reason }) => reason);
  };

  // The kubelet makes one `$` of two in a command.
  it('is PID 1 of its own: KILL from within does not reach it, TERM only where it is handled', async () => {
    await create('pid', shellPod('echo $$$$; kill -KILL $$$$; echo alive; kill -TERM $$$$; echo still; exit 4'));
    expect((await over('pid')).status.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 4,
      reason: 'Error',
    });
    expect(await log('pid')).toBe('1\nalive\nstill\n');
  });

  it('reports 128 and the number of the signal that ended it', async () => {
    await create('killed', shellPod('sh -c "kill -KILL \\$\\$"; echo code $?; exec sh -c "sleep 60"'));
    await when('killed', ({ status }) => status.phase === 'Running');
    await cluster.core.deleteNamespacedPod({ namespace, name: 'killed', gracePeriodSeconds: 1 });
    expect(await log('killed')).toContain('code 137\n');
    const seen: (number | undefined)[] = [];
    await until(
      async () => {
        seen.push(
          cluster.control.get(podType, namespace, 'killed')?.status.containerStatuses?.[0]?.state.terminated?.exitCode,
        );
        return cluster.control.get(podType, namespace, 'killed');
      },
      (pod) => pod === undefined,
    );
    expect(await eventReasons('killed')).toContain('Killing');
  });

  it('is asked to end before it is made to, and handles that', async () => {
    await create(
      'polite',
      shellPod('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.02; done', {
        terminationGracePeriodSeconds: 20,
      }),
    );
    await until(
      async () => log('polite').catch(() => ''),
      (text) => text === 'ready\n',
    );
    const followed = log('polite');
    await cluster.core.deleteNamespacedPod({ namespace, name: 'polite' });
    await until(
      async () => cluster.control.get(podType, namespace, 'polite'),
      (pod) => pod === undefined,
    );
    expect(await followed).toContain('ready\n');
  });

  it('is ended after a deadline of its own', async () => {
    await create('deadline', shellPod('while :; do sleep 0.05; done', { activeDeadlineSeconds: 1 }));
    expect((await over('deadline')).status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });

  it('has its account as files', async () => {
    await create('account', shellPod('cd /var/run/secrets/kubernetes.io/serviceaccount && cat namespace && ls'));
    await over('account');
    expect(await log('account')).toBe('defaultca.crt\nnamespace\ntoken\n');
  });

  it('tells a container that ran out of memory', async () => {
    await create('hungry', shellPod('while :; do sleep 0.05; done'));
    await when('hungry', ({ status }) => status.phase === 'Running');
    cluster.control.killForMemory(stored('hungry'), 'main');
    expect((await over('hungry')).status.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    });
  });

  it('tells a command that is not there', async () => {
    await create(
      'missing',
      shellPod('', { containers: [{ name: 'main', image: 'busybox', command: ['no-such-program'] }] }),
    );
    const terminated = (await over('missing')).status.containerStatuses?.[0]?.state.terminated;
    expect(terminated).toMatchObject({ exitCode: 128, reason: 'StartError', startedAt: '1970-01-01T00:00:00Z' });
    expect(terminated?.message).toContain('exec: "no-such-program": executable file not found in $PATH');
  });

  it.each([
    ['no image of that name', 'nowhere/at-all', 'ImagePullBackOff', 'Back-off pulling image "nowhere/at-all"'],
    ['no name of an image', 'Not A Name', 'InvalidImageName', 'invalid reference format'],
  ])('stays Pending for ever with %s', async (title, image, reason, message) => {
    cluster.control.images.allowOnly(['busybox', 'busybox:1.36']);
    const name = title.replaceAll(/[^a-z]+/gu, '-');
    await create(name, shellPod('', { containers: [{ name: 'main', image }] }));
    const pod = await when(name, ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === reason);
    expect(pod.status.phase).toBe('Pending');
    expect(pod.status.containerStatuses?.[0]?.state.waiting?.message).toContain(message);
    cluster.control.images.allowAll();
    await cluster.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
  });

  it('pulls a guarded image for those who bring its secret', async () => {
    cluster.control.images.guard('private/image', 'registry');
    await create('guest', shellPod('', { containers: [shell('main', 'true', { image: 'private/image' })] }));
    await create(
      'owner',
      shellPod('', {
        containers: [shell('main', 'true', { image: 'private/image' })],
        imagePullSecrets: [{ name: 'registry' }],
      }),
    );
    expect((await over('owner')).status.phase).toBe('Succeeded');
    await when('guest', ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === 'ImagePullBackOff');
  });

  it('waits for a Secret that its environment names, and starts when that comes', async () => {
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'late', key: 'token' } } }];
    await create('config', shellPod('', { containers: [shell('main', 'echo $TOKEN', { env })] }));
    const pod = await when(
      'config',
      ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(pod.status.containerStatuses?.[0]?.state.waiting?.message).toBe('secret "late" not found');
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'late' }, stringData: { token: 'x y' } },
    });
    await over('config');
    expect(await log('config')).toBe('x y\n');
  });

  it('waits for a volume that is not there, and says so in an event', async () => {
    await create(
      'mount',
      shellPod('', {
        containers: [shell('main', 'cat /c/key', { volumeMounts: [{ name: 'c', mountPath: '/c' }] })],
        volumes: [{ name: 'c', secret: { secretName: 'later' } }],
      }),
    );
    await until(
      async () => eventReasons('mount'),
      (reasons) => reasons.includes('FailedMount'),
    );
    expect(stored('mount').status.containerStatuses?.[0]?.state.waiting?.reason).toBe('ContainerCreating');
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'later' }, stringData: { key: 'value' } },
    });
    await over('mount');
    expect(await log('mount')).toBe('value');
  });

  it('runs init containers one after the other, and fails with the first that fails', async () => {
    const initContainers = [
      shell('first', 'echo 1 > /d/x', { volumeMounts: [{ name: 'd', mountPath: '/d' }] }),
      shell('second', 'exit 9'),
    ];
    await create(
      'inits',
      shellPod('', { initContainers, containers: [shell('main', 'true')], volumes: [{ name: 'd', emptyDir: {} }] }),
    );
    const { status } = await over('inits');
    expect(status.phase).toBe('Failed');
    expect(status.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode)).toEqual([0, 9]);
    expect(status.containerStatuses?.[0]?.state.waiting?.reason).toBe('PodInitializing');
  });

  it('ends a sidecar when the others have ended', async () => {
    const sidecar = shell('sidecar', 'trap "exit 0" TERM; while :; do sleep 0.02; done', { restartPolicy: 'Always' });
    await create('sidecar', shellPod('', { initContainers: [sidecar], containers: [shell('main', 'echo done')] }));
    const { status } = await over('sidecar');
    expect(status.phase).toBe('Succeeded');
    expect(status.initContainerStatuses?.[0]?.state.terminated).toBeDefined();
  });

  it('shows volumes as the kubelet lays them out, and nothing of this machine', async () => {
    await cluster.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'files' }, data: { 'a.txt': 'A' } },
    });
    const volumeMounts = [
      { name: 'files', mountPath: '/code' },
      { name: 'files', mountPath: '/one/a.txt', subPath: 'a.txt' },
      { name: 'shm', mountPath: '/dev/shm' },
    ];
    const command = `cat /code/a.txt /one/a.txt; readlink /code/a.txt; ls /home /mnt ${process.cwd()} 2>&1 | head -2; echo mine > /tmp/mine && echo x > /dev/shm/x && cat /tmp/mine; ls /tmp; echo y > /code/b`;
    await create(
      'volumes',
      shellPod('', {
        containers: [shell('main', command, { volumeMounts })],
        volumes: [
          { name: 'files', configMap: { name: 'files' } },
          { name: 'shm', emptyDir: { medium: 'Memory' } },
        ],
      }),
    );
    expect((await over('volumes')).status.phase).toBe('Failed');
    const text = await log('volumes');
    expect(text).toContain('AA..data/a.txt\n');
    expect(text).toContain('ls: cannot access');
    expect(text).toContain('mine\nmine\n');
    expect(text).toContain('Read-only file system');
  });

  it('takes what a container leaves as its last word, or the end of its log', async () => {
    await create(
      'word',
      shellPod('', {
        containers: [
          shell('file', 'echo from the file > /dev/termination-log; exit 1'),
          shell('log', 'echo from the log; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
        ],
      }),
    );
    const { status } = await over('word');
    expect(status.containerStatuses?.map(({ state }) => state.terminated?.message)).toEqual([
      'from the file\n',
      'from the log\n',
    ]);
  });

  it('runs as somebody else, and not as root where that is forbidden', async () => {
    const securityContext = { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true };
    await create(
      'somebody',
      shellPod('id -u; echo x > /data/x && echo wrote', {
        containers: [
          shell('main', 'id -u; echo x > /data/x && echo wrote', {
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          }),
        ],
        volumes: [{ name: 'data', emptyDir: {} }],
        securityContext,
      }),
    );
    await over('somebody');
    expect(await log('somebody')).toBe('1000\nwrote\n');
    await create('root', shellPod('true', { securityContext: { runAsNonRoot: true } }));
    const pod = await when(
      'root',
      ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(pod.status.containerStatuses?.[0]?.state.waiting?.message).toMatch(
      /^container has runAsNonRoot and image will run as root \(pod: "root_default\(/u,
    );
  });

  it('fills in the environment, the arguments and the downward API', async () => {
    const env = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'BOTH', value: '$(NAME)-$(NOBODY)-$$(NAME)' },
    ];
    const container = { name: 'main', image: 'busybox', command: ['sh', '-c', 'echo "$BOTH $0"', '$(NAME)'], env };
    await create('env', shellPod('', { containers: [container] }));
    await over('env');
    expect(await log('env')).toBe('env-$(NOBODY)-$(NAME) env\n');
  });

  it('leaves no process behind when the cluster stops', async () => {
    const other = await startWithClients();
    await other.core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'left' }, spec: shellPod('echo here; while :; do sleep 0.05; done') },
    });
    await until(
      async () => other.core.readNamespacedPodLog({ namespace, name: 'left' }).catch(() => ''),
      (text) => text === 'here\n',
    );
    const children = (): string => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
    const before = children().trim().split(' ').length;
    await other.stop();
    expect(
      children()
        .trim()
        .split(' ')
        .filter((pid) => pid !== '').length,
    ).toBeLessThan(before);
  });
});
