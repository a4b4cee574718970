import type { Machine } from './machine.ts';

/** Machine type, vCPUs, GiB of memory; the smallest that does comes first. */
const types: readonly (readonly [string, number, number])[] = [
  ['e2-standard-4', 4, 16],
  ['e2-highmem-2', 2, 16],
  ['e2-highmem-4', 4, 32],
  ['e2-standard-8', 8, 32],
  ['e2-highmem-8', 8, 64],
  ['e2-standard-16', 16, 64],
  ['e2-highmem-16', 16, 128],
  ['e2-standard-32', 32, 128],
  ['n2-highmem-32', 32, 256],
  ['n2-standard-48', 48, 192],
  ['n2-highmem-48', 48, 384],
  ['n2-standard-64', 64, 256],
  ['n2-highmem-64', 64, 512],
  ['n2-standard-80', 80, 320],
  ['n2-highmem-80', 80, 640],
  ['m1-ultramem-40', 40, 961],
  ['m1-ultramem-80', 80, 1922],
  ['m1-ultramem-160', 160, 3844],
];

export const cpuMachines: readonly Machine[] = types.map(([machineType, cpus, memoryGib]) => ({
  machineType,
  accelerator: null,
  count: 0,
  cpus,
  memoryGib,
  acceleratorType: null,
  flexStart: false,
  quota: 'cpus',
}));
