import type { AcceleratorName } from '../../../core/accelerator.ts';
import { attachableMachines } from './cpuMachines.ts';
import type { Machine } from './machine.ts';

interface Family {
  readonly accelerator: string;
  readonly acceleratorType: string;
  readonly quota: string;
  readonly flexStart: boolean;
  readonly needsReservation?: boolean;
  /** Machine type, accelerators, vCPUs, GiB of memory. */
  readonly types: readonly (readonly [string, number, number, number])[];
}

/**
 * N1 machines with accelerators attached. Each row: how many, the vCPUs of the smallest machine that is taken for them unless another is
 * named, and the most vCPUs that go with them.
 */
function attached(rows: readonly (readonly [number, number, number])[]): Family['types'] {
  return rows.flatMap(([count, usualCpus, mostCpus]) => {
    const isUsual = ({ machineType, cpus }: Machine): boolean =>
      machineType.startsWith('n1-standard-') && (cpus ?? 0) >= usualCpus;
    const fitting = attachableMachines.filter(({ cpus }) => (cpus ?? 0) <= mostCpus);
    return [...fitting.filter(isUsual), ...fitting.filter((each) => !isUsual(each))].map(
      ({ machineType, cpus, memoryGib }) => [machineType, count, cpus ?? 0, memoryGib ?? 0] as const,
    );
  });
}

/** Within an accelerator the machine that is taken when nothing else is asked for comes first. */
const families: readonly Family[] = [
  {
    accelerator: 'T4',
    acceleratorType: 'NVIDIA_TESLA_T4',
    quota: 'nvidia_t4_gpus',
    flexStart: false,
    types: attached([
      [1, 4, 16],
      [2, 16, 32],
      [4, 32, 96],
    ]),
  },
  {
    accelerator: 'V100',
    acceleratorType: 'NVIDIA_TESLA_V100',
    quota: 'nvidia_v100_gpus',
    flexStart: false,
    types: attached([
      [1, 8, 8],
      [2, 16, 16],
      [4, 32, 32],
      [8, 64, 96],
    ]),
  },
  {
    accelerator: 'L4',
    acceleratorType: 'NVIDIA_L4',
    quota: 'nvidia_l4_gpus',
    flexStart: true,
    types: [
      ['g2-standard-8', 1, 8, 32],
      ['g2-standard-4', 1, 4, 16],
      ['g2-standard-12', 1, 12, 48],
      ['g2-standard-16', 1, 16, 64],
      ['g2-standard-32', 1, 32, 128],
      ['g2-standard-24', 2, 24, 96],
      ['g2-standard-48', 4, 48, 192],
      ['g2-standard-96', 8, 96, 384],
    ],
  },
  {
    accelerator: 'RTX PRO 6000',
    acceleratorType: 'NVIDIA_RTX_PRO_6000',
    quota: 'nvidia_rtx_pro_6000_gpus',
    flexStart: false,
    types: [
      ['g4-standard-48', 1, 48, 180],
      ['g4-standard-96', 2, 96, 360],
      ['g4-standard-192', 4, 192, 720],
      ['g4-standard-384', 8, 384, 1440],
    ],
  },
  {
    accelerator: 'A100-40GB',
    acceleratorType: 'NVIDIA_TESLA_A100',
    quota: 'nvidia_a100_gpus',
    flexStart: true,
    types: [
      ['a2-highgpu-1g', 1, 12, 85],
      ['a2-highgpu-2g', 2, 24, 170],
      ['a2-highgpu-4g', 4, 48, 340],
      ['a2-highgpu-8g', 8, 96, 680],
      ['a2-megagpu-16g', 16, 96, 1360],
    ],
  },
  {
    accelerator: 'A100-80GB',
    acceleratorType: 'NVIDIA_A100_80GB',
    quota: 'nvidia_a100_80gb_gpus',
    flexStart: true,
    types: [
      ['a2-ultragpu-1g', 1, 12, 170],
      ['a2-ultragpu-2g', 2, 24, 340],
      ['a2-ultragpu-4g', 4, 48, 680],
      ['a2-ultragpu-8g', 8, 96, 1360],
    ],
  },
  {
    accelerator: 'H100',
    acceleratorType: 'NVIDIA_H100_80GB',
    quota: 'nvidia_h100_gpus',
    flexStart: true,
    types: [
      ['a3-highgpu-1g', 1, 26, 234],
      ['a3-highgpu-2g', 2, 52, 468],
      ['a3-highgpu-4g', 4, 104, 936],
      ['a3-highgpu-8g', 8, 208, 1872],
    ],
  },
  {
    accelerator: 'H100',
    acceleratorType: 'NVIDIA_H100_MEGA_80GB',
    quota: 'nvidia_h100_mega_gpus',
    flexStart: true,
    types: [['a3-megagpu-8g', 8, 208, 1872]],
  },
  {
    accelerator: 'H200',
    acceleratorType: 'NVIDIA_H200_141GB',
    quota: 'nvidia_h200_gpus',
    flexStart: true,
    types: [['a3-ultragpu-8g', 8, 224, 2952]],
  },
  {
    accelerator: 'B200',
    acceleratorType: 'NVIDIA_B200',
    quota: 'nvidia_b200_gpus',
    flexStart: true,
    types: [['a4-highgpu-8g', 8, 224, 3968]],
  },
  {
    accelerator: 'GB200',
    acceleratorType: 'NVIDIA_GB200',
    quota: 'nvidia_gb200_gpus',
    flexStart: false,
    needsReservation: true,
    types: [['a4x-highgpu-4g', 4, 140, 884]],
  },
];

export const gpuMachines: readonly Machine[] = families.flatMap(({ types, ...family }) =>
  types.map(([machineType, count, cpus, memoryGib]) => ({
    ...family,
    machineType,
    accelerator: family.accelerator as AcceleratorName,
    count,
    cpus,
    memoryGib,
    ...(/^a3-highgpu-[124]g$/u.test(machineType) ? { needsCheapStart: true } : {}),
  })),
);
