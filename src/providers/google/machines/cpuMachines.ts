import type { Machine } from './machine.ts';

/** Machine type, vCPUs, GiB of memory; the smallest that does comes first. */
const usual: readonly (readonly [string, number, number])[] = [
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
  ['n1-standard-96', 96, 360],
  ['n1-highmem-96', 96, 624],
  ['m1-ultramem-40', 40, 961],
  ['m1-ultramem-80', 80, 1922],
  ['m1-ultramem-160', 160, 3844],
];

const n2Sizes = [2, 4, 8, 16, 32, 48, 64, 80];

/** Kind, GiB per vCPU, sizes in vCPUs: those of Compute Engine in the series that custom training takes. */
const kinds: readonly (readonly [string, number, readonly number[]])[] = [
  ['e2-standard', 4, [2, 4, 8, 16, 32]],
  ['e2-highmem', 8, [2, 4, 8, 16]],
  ['e2-highcpu', 1, [2, 4, 8, 16, 32]],
  ['n2-standard', 4, n2Sizes],
  ['n2-highmem', 8, n2Sizes],
  ['n2-highcpu', 1, n2Sizes],
  ['n1-standard', 3.75, [2, 4, 8, 16, 32, 64, 96]],
  ['n1-highmem', 6.5, [2, 4, 8, 16, 32, 64, 96]],
  ['n1-highcpu', 0.9, [2, 4, 8, 16, 32, 64, 96]],
  ['n4-standard', 4, n2Sizes],
  ['n4-highmem', 8, n2Sizes],
  ['n4-highcpu', 2, n2Sizes],
  ['c2-standard', 4, [4, 8, 16, 30, 60]],
  ['m1-megamem', 1433.6 / 96, [96]],
];

const all = kinds.flatMap(([kind, gibPerCpu, sizes]) =>
  sizes.map((cpus): readonly [string, number, number] => [`${kind}-${cpus}`, cpus, cpus * gibPerCpu]),
);

/** Those that a job gets which names none come first. */
export const cpuMachines: readonly Machine[] = [
  ...new Map([...usual, ...all].map((each) => [each[0], each])).values(),
].map(([machineType, cpus, memoryGib]) => ({
  machineType,
  accelerator: null,
  count: 0,
  cpus,
  memoryGib,
  acceleratorType: null,
  flexStart: false,
  quota: 'cpus',
}));

/** Machines that accelerators are attached to; those that are taken first come first. */
export const attachableMachines: readonly Machine[] = ['n1-standard', 'n1-highmem', 'n1-highcpu'].flatMap((kind) =>
  cpuMachines
    .filter(({ machineType }) => machineType.startsWith(`${kind}-`))
    .toSorted((a, b) => (a.cpus ?? 0) - (b.cpus ?? 0)),
);
