import { type AcceleratorName, formatAccelerator } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { ClusterFacts, WorkspaceFacts } from '../facts.ts';
import { acceleratorOf, type Size, usualSizes } from '../sizes.ts';
import { hasRoom, isOfKind, tooSmall } from './fit.ts';
import type { PlanOptions } from './options.ts';

/** Which machines a job runs on. */
export interface Machines {
  /** null: serverless. */
  readonly cluster: string | null;
  /** null: the cluster's own, or what Azure takes for a small job. */
  readonly instanceType: string | null;
  /** What they have in them; null: nothing, or that is not known. */
  readonly device: AcceleratorName | null;
  readonly warnings: readonly string[];
}

/** Throws `unsupported` when there is no such machine, naming the nearest. */
export function machinesOf(
  spec: JobSpec,
  options: PlanOptions,
  usualCluster: string | undefined,
  facts: WorkspaceFacts | null,
): Machines {
  const wanted = options.compute ?? usualCluster ?? 'serverless';
  if (wanted !== 'serverless') {
    const cluster = facts?.clusters.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    const trouble = cluster === undefined ? null : misfit(spec, cluster, facts);
    if (trouble === null) {
      const name = cluster?.name ?? wanted;
      const device = spec.accelerator?.name ?? acceleratorOf({ name: cluster?.size ?? '' });
      return { cluster: name, instanceType: null, device, warnings: clusterWarnings(spec, options, name, cluster) };
    }
    // The cluster of the connection is only where jobs usually go; one that was chosen must fit.
    if (options.compute !== null) {
      throw trouble;
    }
    const { warnings, ...machines } = serverlessSize(spec, options, facts);
    const instead = `The job goes to serverless compute, which is paid for by itself, not to the usual cluster: ${trouble.message}`;
    return { cluster: null, ...machines, warnings: [instead, ...warnings] };
  }
  return { cluster: null, ...serverlessSize(spec, options, facts) };
}

function misfit(spec: JobSpec, cluster: ClusterFacts, facts: WorkspaceFacts | null): ProviderError | null {
  const size = sizesOf(facts).find(({ name }) => name.toLowerCase() === cluster.size?.toLowerCase());
  const remedy = `Choose ${othersThatFit(spec, cluster, facts)}serverless compute.`;
  if (size !== undefined && spec.accelerator !== null && !isOfKind(spec, size)) {
    const has = acceleratorOf(size);
    const what = has === null ? 'no accelerators' : formatAccelerator({ name: has, count: size.gpus });
    return new ProviderError('unsupported', `The nodes of the cluster ${cluster.name} have ${what} (${size.name}).`, {
      field: 'accelerator',
      remedy,
    });
  }
  if (size !== undefined && !hasRoom(spec, size)) {
    return tooSmall(spec, size, `A node of the cluster ${cluster.name}`, remedy);
  }
  if (cluster.maxNodes !== null && spec.nodes > cluster.maxNodes) {
    return new ProviderError('unsupported', `The cluster ${cluster.name} grows to ${cluster.maxNodes} nodes at most.`, {
      field: 'nodes',
      remedy: 'Take fewer nodes, or have the cluster made larger in Azure ML studio.',
    });
  }
  if (spec.spot && !cluster.isSpot) {
    return new ProviderError('unsupported', `The nodes of the cluster ${cluster.name} are dedicated, not spot.`, {
      field: 'spot',
      remedy: 'Choose a low-priority cluster or serverless compute, or do without spot.',
    });
  }
  return null;
}

/** `the cluster b, or `, where there is one. */
function othersThatFit(spec: JobSpec, than: ClusterFacts, facts: WorkspaceFacts | null): string {
  const sizes = sizesOf(facts);
  const fitting = (facts?.clusters ?? []).find((cluster) => {
    const size = sizes.find(({ name }) => name.toLowerCase() === cluster.size?.toLowerCase());
    return (
      cluster.name !== than.name &&
      size !== undefined &&
      isOfKind(spec, size) &&
      hasRoom(spec, size) &&
      spec.nodes <= (cluster.maxNodes ?? spec.nodes) &&
      (cluster.isSpot || !spec.spot)
    );
  });
  return fitting === undefined ? 'another cluster, or ' : `the cluster ${fitting.name}, or `;
}

function clusterWarnings(
  spec: JobSpec,
  { instanceType }: PlanOptions,
  name: string,
  cluster: ClusterFacts | undefined,
): readonly string[] {
  return [
    ...(instanceType === null || instanceType.toLowerCase() === cluster?.size?.toLowerCase()
      ? []
      : [`The machine size ${instanceType} is not used: the cluster ${name} has machines of its own.`]),
    ...(cluster?.isSpot === true && !spec.spot
      ? [`The nodes of the cluster ${name} are low-priority: Azure may take them away while the job runs.`]
      : []),
    ...(cluster === undefined && spec.spot
      ? ['Whether the nodes are spot is up to the cluster: nothing in the job can ask for it.']
      : []),
  ];
}

function serverlessSize(
  spec: JobSpec,
  { instanceType }: PlanOptions,
  facts: WorkspaceFacts | null,
): Omit<Machines, 'cluster'> {
  const sizes = sizesOf(facts);
  if (instanceType !== null) {
    const name = checked(spec, instanceType, sizes, facts);
    return { instanceType: name, device: acceleratorOf({ name }), warnings: [] };
  }
  const { accelerator, cpus, memoryBytes } = spec;
  if (accelerator === null && cpus === null && memoryBytes === null) {
    return { instanceType: null, device: null, warnings: [] };
  }
  const fitting = sizes.filter((size) => isOfKind(spec, size) && hasRoom(spec, size));
  const smallest = smallestOf(fitting.filter((size) => maySpot(spec, size)));
  if (smallest === undefined) {
    throw fitting.length > 0 ? noSpot(spec, sizes, facts) : noSuchSize(spec, sizes, facts);
  }
  return { instanceType: smallest.name, device: acceleratorOf(smallest), warnings: [] };
}

function smallestOf(sizes: readonly Size[]): Size | undefined {
  return sizes.toSorted((a, b) => a.vCpus - b.vCpus || a.memoryGb - b.memoryGb)[0];
}

function maySpot({ spot }: JobSpec, { hasSpot }: Size): boolean {
  return !spot || hasSpot !== false;
}

/** There are such machines, but none that Azure may take away again. */
function noSpot(spec: JobSpec, sizes: readonly Size[], facts: WorkspaceFacts | null): ProviderError {
  const { accelerator } = spec;
  const what = accelerator === null ? 'machine of this kind' : `machine with ${formatAccelerator(accelerator)}`;
  const where = facts === null ? 'on Azure' : `in ${facts.location}`;
  const offered = sizes.filter((size) => size.hasSpot !== false && hasRoom(spec, size));
  const same = offered.filter((size) => acceleratorOf(size) === accelerator?.name).map(({ gpus }) => gpus);
  const others = offered.flatMap((size) => acceleratorOf(size) ?? []);
  const nearest =
    accelerator === null
      ? null
      : same.length > 0
        ? `${accelerator.name} comes as spot by ${listed(same.toSorted((a, b) => a - b))}`
        : others.length > 0
          ? `as spot there are ${listed(others)}`
          : null;
  return new ProviderError('unsupported', `No ${what} is to be had as spot ${where}.`, {
    field: 'spot',
    remedy: nearest === null ? 'Do without spot.' : `Do without spot, or take another: ${nearest}.`,
  });
}

function listed(values: readonly (number | string)[]): string {
  return [...new Set(values)].join(', ');
}

function checked(spec: JobSpec, name: string, sizes: readonly Size[], facts: WorkspaceFacts | null): string {
  const size = sizes.find((known) => known.name.toLowerCase() === name.toLowerCase());
  if (size === undefined) {
    if (facts !== null) {
      throw new ProviderError('unsupported', `The region ${facts.location} has no machines of the size ${name}.`, {
        field: 'options.instanceType',
        remedy: 'Choose one from the list, or leave it empty.',
      });
    }
    return name;
  }
  if (spec.accelerator !== null && !isOfKind(spec, size)) {
    const has = acceleratorOf(size);
    const what = has === null ? 'no accelerators' : formatAccelerator({ name: has, count: size.gpus });
    throw new ProviderError('unsupported', `A ${size.name} has ${what}.`, {
      field: 'options.instanceType',
      remedy: 'Leave the machine size empty, or choose that accelerator.',
    });
  }
  const larger = sizes.filter((each) => acceleratorOf(each) === acceleratorOf(size) && each.gpus === size.gpus);
  if (!hasRoom(spec, size)) {
    const enough = smallestOf(larger.filter((each) => hasRoom(spec, each) && maySpot(spec, each)));
    const instead = enough === undefined ? 'Leave the machine size empty' : `Choose ${enough.name}`;
    throw tooSmall(spec, size, 'A machine of the size', `${instead}, or ask for less.`);
  }
  if (!maySpot(spec, size)) {
    const other = smallestOf(larger.filter((each) => hasRoom(spec, each) && maySpot(spec, each)));
    throw new ProviderError('unsupported', `A ${size.name} is not to be had as spot.`, {
      field: 'spot',
      remedy:
        other === undefined ? 'Do without spot, or choose another size.' : `Do without spot, or choose ${other.name}.`,
    });
  }
  return size.name;
}

function noSuchSize({ accelerator }: JobSpec, sizes: readonly Size[], facts: WorkspaceFacts | null): ProviderError {
  const where = facts === null ? 'on Azure' : `in ${facts.location}`;
  if (accelerator === null) {
    const largest = sizes.filter(({ gpus }) => gpus === 0).toSorted((a, b) => b.vCpus - a.vCpus)[0];
    return new ProviderError('unsupported', `There is no machine with so many CPUs and so much memory ${where}.`, {
      field: 'cpus',
      ...(largest === undefined
        ? {}
        : { remedy: `The largest known has ${largest.vCpus} vCPUs and ${largest.memoryGb} GB (${largest.name}).` }),
    });
  }
  const same = sizes.filter((size) => acceleratorOf(size) === accelerator.name);
  const counts = [...new Set(same.map(({ gpus }) => gpus))].toSorted((a, b) => a - b);
  const others = [...new Set(sizes.flatMap((size) => acceleratorOf(size) ?? []))];
  const fits = counts.includes(accelerator.count);
  return new ProviderError(
    'unsupported',
    fits
      ? `No machine with ${formatAccelerator(accelerator)} has so many CPUs or so much memory ${where}.`
      : `There is no machine with ${formatAccelerator(accelerator)} ${where}.`,
    {
      field: fits ? 'memory' : counts.length > 0 ? 'accelerator.count' : 'accelerator.name',
      remedy: fits
        ? 'Ask for less of them, or for more accelerators.'
        : counts.length > 0
          ? `${accelerator.name} comes by ${counts.join(', ')}.`
          : `There are ${others.join(', ')}.`,
    },
  );
}

function sizesOf(facts: WorkspaceFacts | null): readonly Size[] {
  return facts === null || facts.sizes.length === 0 ? usualSizes : facts.sizes;
}
