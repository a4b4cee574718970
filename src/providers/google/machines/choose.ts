import { formatAccelerator } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { nearest } from '../../../core/nearest.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { cpuMachines } from './cpuMachines.ts';
import { gpuMachines } from './gpuMachines.ts';
import { isTpu, type Machine } from './machine.ts';
import { tpuSlices } from './tpuSlices.ts';

export const machines: readonly Machine[] = [...cpuMachines, ...gpuMachines, ...tpuSlices];

const gib = 1024 ** 3;

/**
 * The machine for a job: the first that has the accelerators, vCPUs and memory it asks for, or the one whose type is named.
 * Throws `unsupported` with the nearest that there is, and the field.
 */
export function chooseMachine(spec: JobSpec, machineType: string | null): Machine {
  const accelerated = withAccelerator(spec);
  const typed = machineType === null ? accelerated : accelerated.filter((each) => each.machineType === machineType);
  if (typed.length === 0) {
    throw noSuchType(machineType ?? '', accelerated);
  }
  const fitting = typed.find((each) => fits(spec, each));
  if (fitting === undefined) {
    throw tooSmall(spec, typed);
  }
  if (isTpu(fitting) && spec.nodes > 1) {
    throw new ProviderError('unsupported', 'A TPU slice is one node to Google Cloud, however many machines it has.', {
      field: 'nodes',
      remedy: `Use 1 node and ask for ${fitting.accelerator} x ${nearestSlice(fitting, spec.nodes)}.`,
    });
  }
  return fitting;
}

function withAccelerator({ accelerator }: JobSpec): readonly Machine[] {
  if (accelerator === null) {
    return cpuMachines;
  }
  const named = machines.filter((each) => each.accelerator === accelerator.name);
  if (named.length === 0) {
    const names = [...new Set(machines.flatMap((each) => each.accelerator ?? []))];
    const near = nearest(accelerator.name, names, 2);
    throw new ProviderError('unsupported', `Custom training on Google Cloud has no ${accelerator.name}.`, {
      field: 'accelerator',
      remedy: `Choose ${(near.length > 0 ? near : names).join(', ')}.`,
    });
  }
  const counted = named.filter(({ count }) => count === accelerator.count);
  if (counted.length === 0) {
    const counts = [...new Set(named.map(({ count }) => count))].toSorted(
      (a, b) => Math.abs(a - accelerator.count) - Math.abs(b - accelerator.count) || b - a,
    );
    const [closest = 1] = counts;
    throw new ProviderError(
      'unsupported',
      `Google Cloud has no ${formatAccelerator(accelerator)} ${named.some(isTpu) ? 'slice' : 'machine'}.`,
      {
        field: 'accelerator.count',
        remedy: `The nearest is ${formatAccelerator({ ...accelerator, count: closest })}; there are ${counts.toSorted((a, b) => a - b).join(', ')}.`,
      },
    );
  }
  return counted;
}

function fits({ cpus, memoryBytes }: JobSpec, machine: Machine): boolean {
  return (machine.cpus ?? Infinity) >= (cpus ?? 0) && (machine.memoryGib ?? Infinity) >= (memoryBytes ?? 0) / gib;
}

function noSuchType(wanted: string, fitting: readonly Machine[]): ProviderError {
  const types = [...new Set(fitting.map(({ machineType }) => machineType))];
  const near = nearest(wanted, types, 2);
  return new ProviderError('unsupported', `The machine type "${wanted}" does not go with that accelerator.`, {
    field: 'options.machineType',
    remedy: `Choose ${(near.length > 0 ? near : types.slice(0, 8)).join(' or ')}, or leave it empty.`,
  });
}

function tooSmall({ cpus, memoryBytes }: JobSpec, candidates: readonly Machine[]): ProviderError {
  const mostCpus = Math.max(...candidates.map((each) => each.cpus ?? 0));
  const isCpu = (cpus ?? 0) > mostCpus;
  const largest = candidates.toSorted((a, b) => (b.memoryGib ?? 0) - (a.memoryGib ?? 0))[0];
  return new ProviderError(
    'unsupported',
    `No such machine of Google Cloud has ${isCpu ? `${cpus} CPUs` : `${Math.ceil((memoryBytes ?? 0) / gib)} GiB of memory${cpus === null ? '' : ` and ${cpus} CPUs`}`}.`,
    {
      field: isCpu ? 'cpus' : 'memory',
      remedy: `The largest is ${largest?.machineType}, with ${largest?.cpus} CPUs and ${largest?.memoryGib} GiB.`,
    },
  );
}

function nearestSlice({ accelerator, count }: Machine, nodes: number): number {
  const counts = tpuSlices.filter((each) => each.accelerator === accelerator).map((each) => each.count);
  return counts.toSorted((a, b) => a - b).find((each) => each >= count * nodes) ?? Math.max(...counts);
}
