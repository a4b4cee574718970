import type { AcceleratorName } from '../../../core/accelerator.ts';
import type { Machine } from './machine.ts';

interface Generation {
  readonly accelerator: string;
  readonly quota: string;
  /** Machine type, chips, vCPUs and GiB of each host, topologies of the slices made of them; of two alike the first is taken. */
  readonly hosts: readonly (readonly [string, number, number, number, readonly string[]])[];
}

const flat = ['2x2', '2x4', '4x4', '4x8', '8x8', '8x16', '16x16'];

/** Generations that are chosen by machine type and topology. */
const generations: readonly Generation[] = [
  {
    accelerator: 'TPU v5e',
    quota: 'tpu_v5e',
    hosts: [
      ['ct5lp-hightpu-1t', 1, 24, 48, ['1x1']],
      ['ct5lp-hightpu-8t', 8, 224, 384, ['2x4']],
      ['ct5lp-hightpu-4t', 4, 112, 192, flat],
    ],
  },
  {
    accelerator: 'TPU v6e',
    quota: 'tpu_v6e',
    hosts: [
      ['ct6e-standard-1t', 1, 44, 176, ['1x1']],
      ['ct6e-standard-8t', 8, 360, 1440, ['2x4']],
      ['ct6e-standard-4t', 4, 180, 720, flat],
    ],
  },
  {
    accelerator: 'TPU7x',
    quota: 'tpu_7x',
    hosts: [
      [
        'tpu7x-standard-4t',
        4,
        224,
        960,
        ['2x2x1', '2x2x2', '2x2x4', '2x4x4', '4x4x4', '4x4x8', '4x8x8', '8x8x8', '8x8x16'],
      ],
    ],
  },
];

/** Generations that are chosen by type and number of cores: two to a chip, 8 in a single device, 32 and more in a pod. */
const byCores: readonly (readonly [string, string, number])[] = [
  ['TPU v2', 'TPU_V2', 512],
  ['TPU v3', 'TPU_V3', 2048],
];

export const tpuSlices: readonly Machine[] = [
  ...byCores.flatMap(([accelerator, acceleratorType, mostCores]) =>
    coreCounts(mostCores).map((cores): Machine => ({
      machineType: 'cloud-tpu',
      accelerator: accelerator as AcceleratorName,
      count: cores / 2,
      cpus: null,
      memoryGib: null,
      acceleratorType,
      acceleratorCount: cores,
      hosts: cores / 8,
      flexStart: false,
      quota: acceleratorType.toLowerCase(),
    })),
  ),
  ...generations.flatMap(({ accelerator, quota, hosts }) =>
    hosts.flatMap(([machineType, perHost, cpus, memoryGib, topologies]) =>
      topologies.map((topology): Machine => {
        const count = chipsOf(topology);
        return {
          machineType,
          accelerator: accelerator as AcceleratorName,
          count,
          cpus,
          memoryGib,
          acceleratorType: null,
          topology,
          hosts: count / perHost,
          flexStart: false,
          quota,
        };
      }),
    ),
  ),
];

function coreCounts(most: number): readonly number[] {
  const pods = Array.from({ length: Math.log2(most / 32) + 1 }, (_, power) => 32 * 2 ** power);
  return [8, ...pods];
}

function chipsOf(topology: string): number {
  return topology.split('x').reduce((chips, side) => chips * Number(side), 1);
}
