import type { NodeObject, Taint } from './objects/types.ts';

/** A node to begin with. */
export interface NodeSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Beside what every node has: `{ 'nvidia.com/gpu': '8' }`. */
  readonly allocatable?: Readonly<Record<string, string>>;
}

const big = { cpu: '128', memory: '2048Gi', 'ephemeral-storage': '1000Gi' };
const rdma = { 'rdma/ib': '1k' };

const plain = (name: string): NodeSpec => ({ name, allocatable: { cpu: '8', memory: '32Gi' } });

const numbered = (count: number, make: (index: number) => NodeSpec): readonly NodeSpec[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Nodes as each cloud labels them: two with accelerators, and one or none without. */
export const nodePresets = {
  /** No accelerators at all. */
  plain: [plain('n1'), plain('n2')],
  /** On-premises, with NVIDIA's GPU feature discovery and device plugin. */
  nvidia: [
    plain('cpu-1'),
    ...numbered(2, (index) => ({
      name: `gpu-${index + 1}`,
      labels: {
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'nvidia.com/gpu.count': '8',
        'nvidia.com/gpu.memory': '81559',
        'nvidia.com/gpu.family': 'hopper',
        'nvidia.com/mig.capable': 'true',
      },
      allocatable: { ...big, 'nvidia.com/gpu': '8' },
    })),
  ],
  coreweave: [
    plain('g1a2b3c'),
    ...numbered(2, (index) => ({
      name: `gd${index + 1}f0a8`,
      labels: {
        'node.kubernetes.io/instance-type': 'gd-8xh100ib-i128',
        'gpu.nvidia.com/class': 'H100',
        'gpu.nvidia.com/count': '8',
        'gpu.nvidia.com/vram': '81',
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'nvidia.com/gpu.count': '8',
        'nvidia.com/gpu.memory': '81559',
        'ib.coreweave.cloud/fabric': 'FABRIC-1',
        'ib.coreweave.cloud/leafgroup': '3',
        'node.coreweave.cloud/rack': `r${index}`,
        'topology.kubernetes.io/region': 'US-EAST-04',
        'topology.kubernetes.io/zone': 'US-EAST-04A',
      },
      allocatable: { ...big, ...rdma, 'nvidia.com/gpu': '8' },
    })),
  ],
  gkeGpu: [
    plain('gke-default-pool-1'),
    ...numbered(2, (index) => ({
      name: `gke-a3-pool-${index + 1}`,
      labels: {
        'cloud.google.com/gke-accelerator': 'nvidia-h100-80gb',
        'cloud.google.com/gke-accelerator-count': '8',
        'cloud.google.com/gke-nodepool': 'a3-pool',
        'cloud.google.com/machine-family': 'a3',
        'node.kubernetes.io/instance-type': 'a3-highgpu-8g',
        'topology.kubernetes.io/region': 'us-central1',
        'topology.kubernetes.io/zone': 'us-central1-a',
        ...(index === 1 ? { 'cloud.google.com/gke-spot': 'true', 'cloud.google.com/gke-provisioning': 'spot' } : {}),
      },
      taints: [
        { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' },
        ...(index === 1 ? [{ key: 'cloud.google.com/gke-spot', value: 'true', effect: 'NoSchedule' }] : []),
      ],
      allocatable: { ...big, 'nvidia.com/gpu': '8' },
    })),
  ],
  gkeTpu: [
    plain('gke-default-pool-1'),
    ...numbered(2, (index) => ({
      name: `gke-tpu-${index + 1}`,
      labels: {
        'cloud.google.com/gke-tpu-accelerator': 'tpu-v6e-slice',
        'cloud.google.com/gke-tpu-topology': '2x4',
        'cloud.google.com/gke-accelerator-count': '4',
        'cloud.google.com/gke-nodepool': 'tpu-pool',
        'node.kubernetes.io/instance-type': 'ct6e-standard-4t',
        'topology.kubernetes.io/region': 'us-east5',
        'topology.kubernetes.io/zone': 'us-east5-b',
      },
      taints: [{ key: 'google.com/tpu', value: 'present', effect: 'NoSchedule' }],
      allocatable: { cpu: '180', memory: '700Gi', 'google.com/tpu': '4' },
    })),
  ],
  aks: [
    plain('aks-system-1'),
    ...numbered(2, (index) => ({
      name: `aks-h100-vmss00000${index}`,
      labels: {
        'node.kubernetes.io/instance-type': 'Standard_ND96isr_H100_v5',
        'kubernetes.azure.com/accelerator': 'nvidia',
        'kubernetes.azure.com/agentpool': 'h100',
        'topology.kubernetes.io/region': 'eastus',
        ...(index === 1 ? { 'kubernetes.azure.com/scalesetpriority': 'spot' } : {}),
      },
      taints: [
        { key: 'sku', value: 'gpu', effect: 'NoSchedule' },
        ...(index === 1 ? [{ key: 'kubernetes.azure.com/scalesetpriority', value: 'spot', effect: 'NoSchedule' }] : []),
      ],
      allocatable: { ...big, 'nvidia.com/gpu': '8' },
    })),
  ],
  eks: [
    plain('ip-10-0-0-10.ec2.internal'),
    ...numbered(2, (index) => ({
      name: `ip-10-0-1-${index + 20}.ec2.internal`,
      labels: {
        'node.kubernetes.io/instance-type': 'p5.48xlarge',
        'karpenter.k8s.aws/instance-gpu-name': 'h100',
        'karpenter.k8s.aws/instance-gpu-count': '8',
        'karpenter.k8s.aws/instance-gpu-memory': '81920',
        'karpenter.sh/capacity-type': index === 1 ? 'spot' : 'on-demand',
        'topology.kubernetes.io/region': 'us-east-1',
        'topology.kubernetes.io/zone': 'us-east-1a',
      },
      taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
      allocatable: { ...big, 'nvidia.com/gpu': '8', 'vpc.amazonaws.com/efa': '32' },
    })),
  ],
  oke: [
    plain('10.0.10.2'),
    ...numbered(2, (index) => ({
      name: `10.0.10.${index + 20}`,
      labels: {
        'node.kubernetes.io/instance-type': 'BM.GPU.H100.8',
        'topology.kubernetes.io/region': 'iad',
        'topology.kubernetes.io/zone': 'US-ASHBURN-AD-1',
        ...(index === 1 ? { 'oci.oraclecloud.com/oke-is-preemptible': 'true' } : {}),
      },
      taints: [
        { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' },
        ...(index === 1
          ? [{ key: 'oci.oraclecloud.com/oke-is-preemptible', value: 'present', effect: 'NoSchedule' }]
          : []),
      ],
      allocatable: { ...big, 'nvidia.com/gpu': '8' },
    })),
  ],
  amd: numbered(2, (index) => ({
    name: `mi300x-${index + 1}`,
    labels: {
      'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM',
      'amd.com/gpu.vram': '192G',
      'amd.com/gpu.device-id': '74a1',
    },
    allocatable: { ...big, 'amd.com/gpu': '8' },
  })),
} satisfies Record<string, readonly NodeSpec[]>;

export type NodePreset = keyof typeof nodePresets;

/** A node as its kubelet registers it. */
export function nodeObject(
  { name, labels = {}, taints = [], allocatable = {} }: NodeSpec,
  index: number,
  version: string,
): NodeObject {
  const amounts = {
    cpu: '8',
    memory: '32Gi',
    'ephemeral-storage': '100Gi',
    pods: '110',
    'hugepages-2Mi': '0',
    ...allocatable,
  };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': 'amd64',
        ...labels,
      },
    },
    spec: { ...(taints.length === 0 ? {} : { taints: [...taints] }) },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [
        {
          type: 'MemoryPressure',
          status: 'False',
          reason: 'KubeletHasSufficientMemory',
          message: 'kubelet has sufficient memory available',
        },
        {
          type: 'DiskPressure',
          status: 'False',
          reason: 'KubeletHasNoDiskPressure',
          message: 'kubelet has no disk pressure',
        },
        {
          type: 'PIDPressure',
          status: 'False',
          reason: 'KubeletHasSufficientPID',
          message: 'kubelet has sufficient PID available',
        },
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
      addresses: [
        { type: 'InternalIP', address: `10.0.0.${index + 2}` },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        kubeletVersion: version,
        containerRuntimeVersion: 'containerd://2.1.4',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        kernelVersion: '6.1.0',
        operatingSystem: 'linux',
        architecture: 'amd64',
        machineID: '',
        systemUUID: '',
        bootID: '',
        kubeProxyVersion: '',
      },
    },
  };
  return node as unknown as NodeObject;
}
