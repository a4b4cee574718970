import { describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../../../src/core/job.ts';
import { coreWeave } from '../../../../src/providers/kubernetes/coreweave.ts';
import { anyKubernetes, type Flavour } from '../../../../src/providers/kubernetes/flavour.ts';
import {
  type Node,
  nodeSchema,
  type PodRequests,
  podRequestsSchema,
} from '../../../../src/providers/kubernetes/model/node.ts';
import { deviceOf } from '../../../../src/providers/kubernetes/offers/deviceLabels.ts';
import { usesOf } from '../../../../src/providers/kubernetes/offers/nodeUse.ts';
import { blindOffers, factsOf, offersOf } from '../../../../src/providers/kubernetes/offers/offers.ts';

const context = (flavour: Flavour = anyKubernetes): Parameters<typeof offersOf>[2] => ({
  connectionId: 'lab' as ConnectionId,
  flavour,
  asOf: 1,
});

let made = 0;

function node(
  labels: Readonly<Record<string, string>>,
  allocatable: Readonly<Record<string, string>>,
  more: object = {},
): Node {
  made += 1;
  return nodeSchema.parse({
    metadata: { name: `node-${made}`, labels },
    spec: {},
    status: { allocatable, conditions: [{ type: 'Ready', status: 'True' }] },
    ...more,
  });
}

function pod(nodeName: string, requests: readonly Readonly<Record<string, string>>[], more: object = {}): PodRequests {
  return podRequestsSchema.parse({
    spec: { nodeName, containers: requests.map((each) => ({ resources: { requests: each } })), ...more },
    status: { phase: 'Running' },
  });
}

describe('deviceOf', () => {
  it.each([
    [{ 'gpu.nvidia.com/class': 'H100' }, 'H100'],
    [{ 'gpu.nvidia.com/class': 'A100_NVLINK_80GB' }, 'A100-80GB'],
    [{ 'gpu.nvidia.com/class': 'H100_NVLINK_80GB' }, 'H100'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-h100-80gb' }, 'H100'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-h100-mega-80gb' }, 'H100'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-tesla-a100' }, 'A100-40GB'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-a100-80gb' }, 'A100-80GB'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-l4' }, 'L4'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4' }, 'T4'],
    [{ 'cloud.google.com/gke-accelerator': 'nvidia-h200-141gb' }, 'H200'],
    [{ 'cloud.google.com/gke-tpu-accelerator': 'tpu-v6e-slice' }, 'TPU v6e'],
    [{ 'cloud.google.com/gke-tpu-accelerator': 'tpu-v5-lite-podslice' }, 'TPU v5e'],
    [{ 'cloud.google.com/gke-tpu-accelerator': 'tpu-v5p-slice' }, 'TPU v5p'],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' }, 'H100'],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB-SHARED' }, 'A100-40GB'],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-B200' }, 'B200'],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-A100', 'nvidia.com/gpu.memory': '81920' }, 'A100-80GB'],
    [{ 'karpenter.k8s.aws/instance-gpu-name': 'a100', 'karpenter.k8s.aws/instance-gpu-memory': '40960' }, 'A100-40GB'],
    [{ 'karpenter.k8s.aws/instance-gpu-name': 'l40s' }, 'L40S'],
    [{ 'eks.amazonaws.com/instance-gpu-name': 'h200' }, 'H200'],
    [{ 'node.kubernetes.io/instance-type': 'Standard_ND96isr_H100_v5' }, 'H100'],
    [{ 'node.kubernetes.io/instance-type': 'Standard_ND96isr_H200_v5' }, 'H200'],
    [{ 'node.kubernetes.io/instance-type': 'Standard_ND96amsr_A100_v4' }, 'A100-80GB'],
    [{ 'node.kubernetes.io/instance-type': 'Standard_NC40ads_H100_v5' }, 'H100-NVL'],
    [{ 'node.kubernetes.io/instance-type': 'BM.GPU.H100.8' }, 'H100'],
    [{ 'node.kubernetes.io/instance-type': 'BM.GPU4.8' }, 'A100-40GB'],
    [{ 'node.kubernetes.io/instance-type': 'BM.GPU.MI300X.8' }, 'MI300X'],
    [{ 'node.kubernetes.io/instance-type': 'p5.48xlarge' }, 'H100'],
    [{ 'node.kubernetes.io/instance-type': 'p4de.24xlarge' }, 'A100-80GB'],
    [{ 'node.kubernetes.io/instance-type': 'g5.12xlarge' }, 'A10G'],
    [{ 'node.kubernetes.io/instance-type': 'trn1.32xlarge' }, 'Trainium1'],
    [{ 'node.kubernetes.io/instance-type': 'gd-8xh100ib-i128' }, 'H100'],
    [{ 'node.kubernetes.io/instance-type': 'gb200-4x' }, 'GB200'],
    [{ 'node.kubernetes.io/instance-type': 'b200-8x' }, 'B200'],
    [{ 'node.kubernetes.io/instance-type': 'gd-8xa100-i128' }, 'A100-80GB'],
    [{ 'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM' }, 'MI300X'],
  ])('reads %j as %s', (labels, name) => {
    expect(deviceOf(labels)?.name).toBe(name);
  });

  it.each([
    [{}],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-A100' }],
    [{ 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3-MIG-1g.10gb' }],
    [{ 'node.kubernetes.io/instance-type': 'm5.large' }],
    [{ 'node.kubernetes.io/instance-type': 'Standard_D4s_v5' }],
    [{ 'node.kubernetes.io/instance-type': 'n2-standard-8' }],
  ])('takes %j for nothing in particular', (labels) => {
    expect(deviceOf(labels)).toBeNull();
  });
});

describe('usesOf', () => {
  const h100 = { 'gpu.nvidia.com/class': 'H100' };
  const eight = { 'nvidia.com/gpu': '8' };

  it('takes off what pods ask for: the sum of their containers, or their largest init container', () => {
    const one = node(h100, eight);
    const two = node(h100, eight);
    const three = node(h100, eight);
    const pods = [
      pod(one.metadata.name, [{ 'nvidia.com/gpu': '2' }, { 'nvidia.com/gpu': '1' }, { cpu: '4' }]),
      pod(two.metadata.name, [{ 'nvidia.com/gpu': '1' }], {
        initContainers: [{ resources: { requests: { 'nvidia.com/gpu': '4' } } }],
      }),
      pod(three.metadata.name, [{ 'nvidia.com/gpu': '1' }], {
        initContainers: [{ restartPolicy: 'Always', resources: { requests: { 'nvidia.com/gpu': '1' } } }],
      }),
      podRequestsSchema.parse({
        spec: { nodeName: one.metadata.name, containers: [{ resources: { requests: eight } }] },
        status: { phase: 'Succeeded' },
      }),
      podRequestsSchema.parse({ spec: { containers: [{}] }, status: { phase: 'Pending' } }),
    ];
    expect(usesOf([one, two, three], pods).map(({ free }) => free)).toEqual([5, 4, 6]);
    expect(usesOf([one], null)[0]?.free).toBeNull();
  });

  it('leaves out nodes that take no jobs', () => {
    const taints = (key: string, effect: string): object => ({ spec: { taints: [{ key, effect }] } });
    const all = [
      node(h100, eight, { spec: { unschedulable: true } }),
      node(h100, eight, taints('team', 'NoSchedule')),
      node(h100, eight, { status: { allocatable: eight, conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
      node(h100, eight, taints('nvidia.com/gpu', 'NoSchedule')),
      node(h100, eight, taints('team', 'PreferNoSchedule')),
    ];
    expect(usesOf(all, []).map(({ name }) => name)).toEqual([all[3]?.metadata.name, all[4]?.metadata.name]);
  });
});

describe('factsOf', () => {
  it('knows which nodes have an RDMA network', () => {
    const labels = (name: string) => ({ 'gpu.nvidia.com/class': name });
    const eight = { 'nvidia.com/gpu': '8' };
    const nodes = [
      node(labels('H100'), { ...eight, 'rdma/ib': '1k' }),
      node(labels('L40S'), { ...eight, 'rdma/ib': '0' }),
    ];
    expect(factsOf(usesOf(nodes, null)).accelerators.map(({ name, rdma }) => [name, rdma])).toEqual([
      ['H100', ['rdma/ib']],
      ['L40S', []],
    ]);
  });
});

describe('offersOf', () => {
  const h100 = { 'gpu.nvidia.com/class': 'H100', 'node.kubernetes.io/instance-type': 'gd-8xh100ib-i128' };
  const one = node(h100, { 'nvidia.com/gpu': '8' });
  const two = node({ ...h100, 'karpenter.sh/capacity-type': 'spot' }, { 'nvidia.com/gpu': '8' });
  const uses = usesOf([one, two], [pod(one.metadata.name, [{ 'nvidia.com/gpu': '5' }])]);

  it('counts where a job would fit, not what is left over in pieces', () => {
    const offers = offersOf({}, uses, context());
    expect(
      offers.map(({ accelerator, count, freeNow, likelihood }) => [accelerator, count, freeNow, likelihood]),
    ).toEqual([
      [null, 0, null, 'unknown'],
      ['H100', 1, 11, 'now'],
      ['H100', 2, 5, 'now'],
      ['H100', 4, 2, 'now'],
      ['H100', 8, 1, 'now'],
    ]);
    expect(offers[1]?.note).toBe('11 of 16 free, 8 of them spot');
  });

  it('has the list prices of CoreWeave, in shares of the machine', () => {
    const prices = offersOf({}, uses, context(coreWeave)).map(({ priceUsdPerHour, spotPriceUsdPerHour }) => [
      priceUsdPerHour,
      spotPriceUsdPerHour,
    ]);
    expect(prices).toEqual([
      [null, null],
      [6.155, 2.4638],
      [12.31, 4.9275],
      [24.62, 9.855],
      [49.24, 19.71],
    ]);
    expect(offersOf({}, uses, context())[4]?.priceUsdPerHour).toBeNull();
  });

  it('answers a query', () => {
    expect(offersOf({ accelerator: 'H100' as never }, uses, context())).toHaveLength(4);
    expect(offersOf({ accelerator: 'A100-80GB' as never }, uses, context())).toEqual([]);
    expect(offersOf({ region: 'eu' }, uses, context())).toEqual([]);
  });

  it('gives TPU nodes as a whole, with their topologies', () => {
    const tpu = (topology: string): Node =>
      node(
        { 'cloud.google.com/gke-tpu-accelerator': 'tpu-v6e-slice', 'cloud.google.com/gke-tpu-topology': topology },
        { 'google.com/tpu': '4' },
      );
    const slices = usesOf([tpu('4x4'), tpu('2x4')], []);
    expect(offersOf({}, slices, context()).slice(1)).toMatchObject([
      {
        accelerator: 'TPU v6e',
        count: 4,
        freeNow: 0,
        note: '8 of 8 free, slices of 4x4 (4 nodes together), 2x4 (2 nodes together)',
      },
    ]);
    const whole = usesOf(
      [1, 2, 3, 4, 5].map(() => tpu('4x4')),
      [],
    );
    expect(offersOf({}, whole, context())[1]).toMatchObject({ count: 4, freeNow: 4 });
    expect(factsOf(slices).accelerators).toMatchObject([{ resource: 'google.com/tpu', topologies: ['2x4', '4x4'] }]);
  });

  it('says that it does not know where pods may not be listed', () => {
    expect(offersOf({}, usesOf([one], null), context())[1]).toMatchObject({
      freeNow: null,
      likelihood: 'unknown',
      note: '8 in all',
    });
  });

  it('offers what a quota leaves where nodes may not be listed', () => {
    expect(blindOffers({}, 'quota: 6 of 8 nvidia.com/gpu left', context())).toMatchObject([
      { accelerator: null, note: 'quota: 6 of 8 nvidia.com/gpu left' },
    ]);
    expect(blindOffers({ accelerator: 'H100' as never }, null, context())).toEqual([]);
  });

  it('remembers for plans how the nodes are marked', () => {
    expect(factsOf(uses)).toEqual({
      accelerators: [
        {
          name: 'H100',
          resource: 'nvidia.com/gpu',
          key: 'gpu.nvidia.com/class',
          values: ['H100'],
          rdma: [],
          perNode: 8,
          topologies: [],
        },
      ],
      spot: [{ key: 'karpenter.sh/capacity-type', value: 'spot' }],
    });
  });
});
