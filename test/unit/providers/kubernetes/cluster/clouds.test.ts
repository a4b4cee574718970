import { afterEach, describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../../src/core/accelerator.ts';
import type { Connection } from '../../../../../src/core/provider.ts';
import { coreweave, provider } from '../../../../../src/providers/kubernetes/index.ts';
import { never } from '../../../../conformance/harness.ts';
import { pods } from '../../../../emulators/kubernetes/objects/resources.ts';
import { Lab, noContainers, readWhole, until, untilEnded } from '../../../../fixtures/kubernetes/lab.ts';

const started: Lab[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(async (lab) => lab.stop()));
});

async function start(options: Parameters<typeof Lab.start>[0]): Promise<Lab> {
  const lab = await Lab.start(options);
  started.push(lab);
  return lab;
}

const h100 = { name: 'H100' as AcceleratorName, count: 8 };

async function offered(connection: Connection): Promise<unknown> {
  const offers = await connection.offers({}, never());
  return offers.map(({ accelerator, count, freeNow, priceUsdPerHour }) => [
    accelerator,
    count,
    freeNow,
    priceUsdPerHour,
  ]);
}

describe.skipIf(noContainers !== null)('CoreWeave', () => {
  it('offers its machines with their prices, takes them with their InfiniBand, and counts what is left', async () => {
    const lab = await start({ nodes: 'coreweave' });
    const connection = lab.open({}, coreweave);
    expect(await offered(connection)).toEqual([
      [null, 0, null, null],
      ['H100', 1, 16, 6.155],
      ['H100', 2, 8, 12.31],
      ['H100', 4, 4, 24.62],
      ['H100', 8, 2, 49.24],
    ]);
    const submitted = await lab.submit(connection, 'echo "$NCCL_IB_HCA"; sleep 600', { accelerator: h100, nodes: 2 });
    const handle = submitted.handle;
    await until(connection, handle, (each) => each?.state === 'running');
    const requests = lab.control
      .list(pods, 'default')
      .map((pod) => pod.spec.containers[0]?.resources?.limits?.['rdma/ib']);
    expect(requests).toEqual(['1', '1']);
    expect(await offered(connection)).toContainEqual(['H100', 8, 0, 49.24]);
    const second = await lab.submit(connection, 'true', { accelerator: h100 });
    const waiting = await until(connection, second.handle, (each) => each?.nativeState === 'Unschedulable');
    expect(waiting?.explanation).toBe('No node has enough free GPUs now');
    await connection.cancel(handle, never());
    expect((await untilEnded(connection, second.handle)).state).toBe('succeeded');
  });
});

describe.skipIf(noContainers !== null)('GKE', () => {
  it('takes spot nodes only for spot jobs', async () => {
    const lab = await start({ nodes: 'gkeGpu' });
    const connection = lab.open();
    const offers = await connection.offers({ accelerator: h100.name }, never());
    expect(offers.at(-1)).toMatchObject({ count: 8, freeNow: 2, note: '16 of 16 free, 8 of them spot' });
    const nodeOf = async (spot: boolean): Promise<string | undefined> => {
      const submitted = await lab.submit(connection, 'true', { accelerator: h100, spot });
      await untilEnded(connection, submitted.handle);
      return lab.control.list(pods, 'default').find((pod) => pod.metadata.name.startsWith(submitted.name))?.spec
        .nodeName;
    };
    expect([await nodeOf(false), await nodeOf(true)]).toEqual(['gke-a3-pool-1', 'gke-a3-pool-2']);
  });

  it('forms a TPU slice of several nodes', async () => {
    const lab = await start({ nodes: 'gkeTpu' });
    const connection = lab.open();
    const [tpu] = await connection.offers({ accelerator: 'TPU v6e' as AcceleratorName }, never());
    expect(tpu).toMatchObject({ count: 4, freeNow: 2, note: '8 of 8 free, slices of 2x4 (2 nodes together)' });
    const submitted = await lab.submit(connection, 'echo "$NODE_RANK/$NNODES"', {
      accelerator: { name: 'TPU v6e' as AcceleratorName, count: 4 },
      nodes: 2,
    });
    const handle = submitted.handle;
    expect((await readWhole(connection, handle)).streams).toEqual({ stdout: '0/2\n', 'stdout.n1': '1/2\n' });
  });
});

describe.skipIf(noContainers !== null)('a cluster with Kueue and JobSet', () => {
  it('lists its queues, says why a job waits in one, and goes on after it was put back', async () => {
    const lab = await start({ kueue: true, jobSet: true });
    const { kueue } = lab.control;
    kueue.addQueue('default', 'gpus');
    const connection = lab.open({}, provider);
    const options = await connection.jobOptions?.(never());
    expect(options?.find(({ name }) => name === 'queue')?.choices).toMatchObject([{ value: 'gpus' }]);
    expect(options?.map(({ name }) => name)).toContain('controller');
    const { handle, name } = await lab.submit(connection, 'echo ready; sleep 600', { options: { queue: 'gpus' } });
    kueue.wait('default', name, { reason: 'ExceedsMaxQuota', message: 'requested 64, maximum 8' });
    const waiting = await until(connection, handle, (each) => each?.reason?.startsWith('ExceedsMaxQuota') === true);
    expect(waiting).toMatchObject({
      state: 'queued',
      explanation: 'It asks for more than its Kueue queue will ever have (queue gpus)',
    });
    kueue.admit('default', name);
    await until(connection, handle, (each) => each?.state === 'running');
    kueue.evict('default', name);
    await until(connection, handle, (each) => each?.state === 'queued');
    kueue.admit('default', name);
    await until(connection, handle, (each) => each?.state === 'running');
    await connection.cancel(handle, never());
    expect((await untilEnded(connection, handle)).state).toBe('cancelled');
  });

  it('starts all nodes of a JobSet again when one fails, and gives up after three times', async () => {
    const lab = await start({ jobSet: true });
    const connection = lab.open();
    const more = { nodes: 2, options: { controller: 'JobSet' } };
    const bad = await lab.submit(connection, 'echo "rank $NODE_RANK"; sleep 0.3; exit 3', more);
    expect(await untilEnded(connection, bad.handle)).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(await connection.find(bad.key, never())).toEqual(bad.handle);
    await connection.remove(bad.handle, never());
    expect(await connection.find(bad.key, never())).toBeNull();
    // The name of a pod goes with it, so the first waits for the second to have looked.
    const meets =
      'until getent hosts "$MASTER_ADDR"; do sleep 0.1; done >/dev/null; echo found; [ $NODE_RANK = 1 ] || sleep 5';
    const good = await lab.submit(connection, meets, more);
    expect((await untilEnded(connection, good.handle)).state).toBe('succeeded');
    expect((await readWhole(connection, good.handle)).streams).toEqual({ stdout: 'found\n', 'stdout.n1': 'found\n' });
    const endless = await lab.submit(connection, 'sleep 600', more);
    await until(connection, endless.handle, (each) => each?.state === 'running');
    await connection.cancel(endless.handle, never());
    expect((await untilEnded(connection, endless.handle)).state).toBe('cancelled');
  }, 60_000);

  it('has neither option where they are not there', async () => {
    const lab = await start({});
    const options = await lab.open().jobOptions?.(never());
    expect(options?.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['queue']));
    expect(options?.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['controller']));
  });
});

describe.skipIf(noContainers !== null)('a cluster whose nodes may not be listed', () => {
  it('offers what the quota leaves, and takes a node selector', async () => {
    const lab = await start({ nodes: 'nvidia' });
    lab.control.addUser({ name: 'ada', groups: [] }, 'ada-token', [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespace: 'default' },
    ]);
    const path = await lab.cluster.writeKubeconfig('ada', { ada: { kind: 'token', token: 'ada-token' } }, [
      { name: 'ada', user: 'ada', namespace: 'default' },
    ]);
    const connection = lab.open({ kubeconfig: path, context: 'ada' });
    const offers = await connection.offers({}, never());
    expect(offers).toMatchObject([
      { accelerator: null, note: 'nodes may not be listed: choose an accelerator and a node selector' },
    ]);
    const submitted = await lab.submit(connection, 'true', {
      accelerator: h100,
      options: { nodeSelector: 'nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3' },
    });
    expect((await untilEnded(connection, submitted.handle)).state).toBe('succeeded');
  });
});
