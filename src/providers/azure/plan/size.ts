import { formatAccelerator } from '../../../core/accelerator.ts';
import type { JobSpec } from '../../../core/jobSpec.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { ClusterFacts, WorkspaceFacts } from '../facts.ts';
import { acceleratorOf, type Size, usualSizes } from '../sizes.ts';
import type { PlanOptions } from './options.ts';

/** Which machines a job runs on. */
export interface Machines {
  /** null: serverless. */
  readonly cluster: string | null;
  /** null: the cluster's own, or what Azure takes for a small job. */
  readonly instanceType: string | null;
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
      return { cluster: name, instanceType: null, warnings: clusterWarnings(spec, options, name, cluster) };
    }
    // The cluster of the connection is only where jobs usually go; one that was chosen must fit.
    if (options.compute !== null) {
      throw trouble;
    }
    const { instanceType, warnings } = serverlessSize(spec, options, facts);
    const instead = `The job goes to serverless compute, which is paid for by itself, not to the usual cluster: ${trouble.message}`;
    return { cluster: null, instanceType, warnings: [instead, ...warnings] };
  }
  return { cluster: null, ...serverlessSize(spec, options, facts) };
}

function misfit(spec: JobSpec, cluster: ClusterFacts, facts: WorkspaceFacts | null): ProviderError | null {
  const { accelerator } = spec;
  const size = sizesOf(facts).find(({ name }) => name.toLowerCase() === cluster.size?.toLowerCase());
  if (size !== undefined) {
    const has = acceleratorOf(size);
    const isRight = accelerator === null ? true : has === accelerator.name && size.gpus === accelerator.count;
    if (!isRight) {
      const what = has === null ? 'no accelerators' : formatAccelerator({ name: has, count: size.gpus });
      return new ProviderError('unsupported', `The nodes of the cluster ${cluster.name} have ${what} (${size.name}).`, {
        field: 'accelerator',
        remedy: 'Choose those, another cluster, or serverless compute.',
      });
    }
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
): Pick<Machines, 'instanceType' | 'warnings'> {
  const sizes = sizesOf(facts);
  if (instanceType !== null) {
    return { instanceType: checked(spec, instanceType, sizes, facts), warnings: [] };
  }
  const { accelerator, cpus, memoryBytes } = spec;
  if (accelerator === null && cpus === null && memoryBytes === null) {
    return { instanceType: null, warnings: [] };
  }
  const fitting = sizes.filter(
    (size) =>
      (accelerator === null
        ? size.gpus === 0
        : acceleratorOf(size) === accelerator.name && size.gpus === accelerator.count) &&
      size.vCpus >= (cpus ?? 0) &&
      size.memoryGb * 1024 ** 3 >= (memoryBytes ?? 0),
  );
  const smallest = fitting.toSorted((a, b) => a.vCpus - b.vCpus || a.memoryGb - b.memoryGb)[0];
  if (smallest === undefined) {
    throw noSuchSize(spec, sizes, facts);
  }
  return { instanceType: smallest.name, warnings: [] };
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
  const { accelerator } = spec;
  const has = acceleratorOf(size);
  if (accelerator !== null && (has !== accelerator.name || size.gpus !== accelerator.count)) {
    const what = has === null ? 'no accelerators' : formatAccelerator({ name: has, count: size.gpus });
    throw new ProviderError('unsupported', `A ${size.name} has ${what}.`, {
      field: 'options.instanceType',
      remedy: 'Leave the machine size empty, or choose that accelerator.',
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
