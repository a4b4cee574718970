import { type AcceleratorName, accelerators, parseAccelerator } from '../../../core/accelerator.ts';

/** Extended resources that device plugins count, and whose they are. */
export const deviceResources = [
  'nvidia.com/gpu',
  'amd.com/gpu',
  'google.com/tpu',
  'aws.amazon.com/neuron',
  'habana.ai/gaudi',
] as const;

export type DeviceResource = (typeof deviceResources)[number];

const resourceOfVendor: Readonly<Record<string, DeviceResource>> = {
  NVIDIA: 'nvidia.com/gpu',
  AMD: 'amd.com/gpu',
  Google: 'google.com/tpu',
  AWS: 'aws.amazon.com/neuron',
  Intel: 'habana.ai/gaudi',
};

/** What to ask for to get that accelerator; NVIDIA's for one that the catalogue does not have. */
export function resourceFor(name: string): DeviceResource {
  const vendor = accelerators.find((accelerator) => accelerator.name === name)?.vendor ?? 'NVIDIA';
  return resourceOfVendor[vendor] ?? 'nvidia.com/gpu';
}

export const instanceTypeLabel = 'node.kubernetes.io/instance-type';
export const tpuTypeLabel = 'cloud.google.com/gke-tpu-accelerator';
export const tpuTopologyLabel = 'cloud.google.com/gke-tpu-topology';

/** Labels whose value is the name of a device, the most telling first. */
const typeLabels = [
  'gpu.nvidia.com/class',
  'cloud.google.com/gke-accelerator',
  tpuTypeLabel,
  'nvidia.com/gpu.product',
  'karpenter.k8s.aws/instance-gpu-name',
  'karpenter.k8s.aws/instance-accelerator-name',
  'eks.amazonaws.com/instance-gpu-name',
  'eks.amazonaws.com/instance-accelerator-name',
  'amd.com/gpu.product-name',
  'beta.amd.com/gpu.product-name',
];

/** Memory of one device in MiB, by which `A100` alone can be told. */
const memoryLabels = [
  'nvidia.com/gpu.memory',
  'karpenter.k8s.aws/instance-gpu-memory',
  'eks.amazonaws.com/instance-gpu-memory',
];

/** Values that say less than they mean. */
const meant: Readonly<Record<string, string>> = {
  'nvidia-tesla-a100': 'A100-40GB',
  trainium: 'Trainium1',
  trainium2: 'Trainium2',
  'gaudi-hl-205': 'Gaudi',
};

/** Families of machine types whose name does not name the device. */
const machineFamilies: readonly (readonly [RegExp, string])[] = [
  [/^p5en?\./u, 'H200'],
  [/^p5\./u, 'H100'],
  [/^p6-b200\./u, 'B200'],
  [/^p4de\./u, 'A100-80GB'],
  [/^p4d\./u, 'A100-40GB'],
  [/^p3dn?\./u, 'V100'],
  [/^g6e\./u, 'L40S'],
  [/^(?:gr?6|g6f)\./u, 'L4'],
  [/^g5\./u, 'A10G'],
  [/^g4dn\./u, 'T4'],
  [/^trn1n?\./u, 'Trainium1'],
  [/^trn2u?\./u, 'Trainium2'],
  [/^Standard_ND96asr_/iu, 'A100-40GB'],
  [/^Standard_ND96amsr_/iu, 'A100-80GB'],
  [/^Standard_NC\d+ads_A100/iu, 'A100-80GB'],
  [/^Standard_NC\d+ads_H100/iu, 'H100-NVL'],
  [/^BM\.GPU4\.8$/u, 'A100-40GB'],
  [/^BM\.GPU\.A100-v2\.8$/u, 'A100-80GB'],
  [/^BM\.GPU\.GM4\.8$/u, 'A100-80GB'],
  [/^gd-\d+xa100-/u, 'A100-80GB'],
];

export interface NamedDevice {
  readonly name: AcceleratorName;
  /** The label that says so, which a job can select. */
  readonly key: string;
  readonly value: string;
}

/** Which accelerator the nodes with these labels have; null when no label says so. */
export function deviceOf(labels: Readonly<Record<string, string>>): NamedDevice | null {
  const memoryMib = memoryLabels.map((key) => Number(labels[key])).find((mib) => mib > 0);
  for (const key of typeLabels) {
    const value = labels[key];
    const name = value === undefined ? null : read(value, memoryMib);
    if (value !== undefined && name !== null) {
      return { name, key, value };
    }
  }
  const value = labels[instanceTypeLabel] ?? labels['beta.kubernetes.io/instance-type'];
  const name = value === undefined ? null : readMachineType(value);
  return value === undefined || name === null ? null : { name, key: instanceTypeLabel, value };
}

function read(value: string, memoryMib: number | undefined): AcceleratorName | null {
  // NVIDIA's discovery says how devices are divided behind the name; a slice is not the whole device.
  const text = (meant[value.toLowerCase()] ?? value).replace(/-SHARED$/u, '');
  if (/-MIG-/u.test(text)) {
    return null;
  }
  const parsed = parseAccelerator(text);
  if (parsed.ok) {
    return parsed.name;
  }
  const exact =
    memoryMib === undefined
      ? undefined
      : accelerators.find(
          ({ name, memoryGib }) => parsed.suggestions.includes(name) && Math.abs(memoryGib * 1024 - memoryMib) < 4096,
        );
  return parsed.reason === 'ambiguous' ? (exact?.name ?? null) : null;
}

function readMachineType(type: string): AcceleratorName | null {
  const family = machineFamilies.find(([pattern]) => pattern.test(type))?.[1];
  // `gd-8xh100ib-i128`, `b200-8x`, `Standard_ND96isr_H100_v5`, `BM.GPU.H100.8`
  const words = [
    family,
    ...type.split(/[-_.]/u).flatMap((word) => [word.replace(/^\d+x(?=[a-z])/u, '').replace(/ib$/u, '')]),
    type.replace(/-\d+x$/u, ''),
  ];
  for (const word of words) {
    const parsed = word === undefined || word.length < 2 || /^v\d$/iu.test(word) ? null : parseAccelerator(word);
    if (parsed?.ok === true) {
      return parsed.name;
    }
  }
  return null;
}

/** How clouds mark nodes that may be taken back. */
export const spotLabels: readonly { readonly key: string; readonly value: string }[] = [
  { key: 'cloud.google.com/gke-spot', value: 'true' },
  { key: 'cloud.google.com/gke-preemptible', value: 'true' },
  { key: 'kubernetes.azure.com/scalesetpriority', value: 'spot' },
  { key: 'karpenter.sh/capacity-type', value: 'spot' },
  { key: 'eks.amazonaws.com/capacityType', value: 'SPOT' },
  { key: 'oci.oraclecloud.com/oke-is-preemptible', value: 'true' },
];

export function spotLabelOf(
  labels: Readonly<Record<string, string>>,
): { readonly key: string; readonly value: string } | null {
  return spotLabels.find(({ key, value }) => labels[key] === value) ?? null;
}

/** Where a cluster was never looked at: how the clouds spell it. Only what their own documents name. */
export function usualLabels(
  name: AcceleratorName,
): readonly { readonly key: string; readonly values: readonly string[] }[] {
  const spellings = usualSpellings[name];
  return spellings === undefined
    ? []
    : Object.entries(spellings).map(([key, values]) => ({ key, values: values.split(' ') }));
}

const gke = 'cloud.google.com/gke-accelerator';
const gfd = 'nvidia.com/gpu.product';
const coreweave = 'gpu.nvidia.com/class';
const karpenter = 'karpenter.k8s.aws/instance-gpu-name';

const usualSpellings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  T4: { [gke]: 'nvidia-tesla-t4', [gfd]: 'Tesla-T4', [karpenter]: 't4' },
  V100: { [gke]: 'nvidia-tesla-v100', [gfd]: 'Tesla-V100-SXM2-16GB Tesla-V100-SXM2-32GB', [karpenter]: 'v100' },
  A10: { [gfd]: 'NVIDIA-A10' },
  A10G: { [gfd]: 'NVIDIA-A10G', [karpenter]: 'a10g' },
  L4: { [gke]: 'nvidia-l4', [gfd]: 'NVIDIA-L4', [karpenter]: 'l4' },
  L40: { [gfd]: 'NVIDIA-L40', [coreweave]: 'L40' },
  L40S: { [gfd]: 'NVIDIA-L40S', [coreweave]: 'L40S', [karpenter]: 'l40s' },
  'A100-40GB': { [gke]: 'nvidia-tesla-a100', [gfd]: 'NVIDIA-A100-SXM4-40GB NVIDIA-A100-PCIE-40GB' },
  'A100-80GB': {
    [gke]: 'nvidia-a100-80gb',
    [gfd]: 'NVIDIA-A100-SXM4-80GB NVIDIA-A100-80GB-PCIe',
    [coreweave]: 'A100_NVLINK_80GB A100',
  },
  H100: {
    [gke]: 'nvidia-h100-80gb nvidia-h100-mega-80gb',
    [gfd]: 'NVIDIA-H100-80GB-HBM3 NVIDIA-H100-PCIe',
    [coreweave]: 'H100 H100_NVLINK_80GB',
    [karpenter]: 'h100',
  },
  'H100-NVL': { [gfd]: 'NVIDIA-H100-NVL' },
  H200: { [gke]: 'nvidia-h200-141gb', [gfd]: 'NVIDIA-H200', [coreweave]: 'H200', [karpenter]: 'h200' },
  GH200: { [gfd]: 'NVIDIA-GH200-480GB', [coreweave]: 'GH200' },
  B200: { [gke]: 'nvidia-b200', [gfd]: 'NVIDIA-B200', [coreweave]: 'B200', [karpenter]: 'b200' },
  GB200: { [gke]: 'nvidia-gb200', [gfd]: 'NVIDIA-GB200', [coreweave]: 'GB200' },
  B300: { [gfd]: 'NVIDIA-B300-SXM6-AC', [coreweave]: 'B300' },
  GB300: { [gfd]: 'NVIDIA-GB300', [coreweave]: 'GB300' },
  'TPU v4': { [tpuTypeLabel]: 'tpu-v4-podslice' },
  'TPU v5e': { [tpuTypeLabel]: 'tpu-v5-lite-podslice' },
  'TPU v5p': { [tpuTypeLabel]: 'tpu-v5p-slice' },
  'TPU v6e': { [tpuTypeLabel]: 'tpu-v6e-slice' },
  TPU7x: { [tpuTypeLabel]: 'tpu7x' },
};
