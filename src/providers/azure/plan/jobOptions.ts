import * as z from 'zod/mini';
import { formatAccelerator } from '../../../core/accelerator.ts';
import type { JobOption, JobOptionChoice } from '../../../core/provider.ts';
import type { AzureApi } from '../client/api.ts';
import { ApiError } from '../client/apiError.ts';
import { curatedEnvironments } from '../client/registry.ts';
import type { RunHistory } from '../client/runHistory.ts';
import { type Cluster, clustersIfAllowed } from '../offers/clusters.ts';
import { serverless } from '../offers/offers.ts';
import { listQuotas, listSizes, type OfferedSize } from '../offers/regionLists.ts';
import { acceleratorOf, type Size, usualSizes } from '../sizes.ts';
import { type OptionName, optionNames, optionTexts } from './options.ts';

export interface JobOptionsInput {
  readonly api: AzureApi;
  readonly history: Pick<RunHistory, 'region'>;
  /** Resource id. */
  readonly workspace: string;
  readonly locationPath: string;
  /** Where jobs go unless they say otherwise; undefined: to serverless compute. */
  readonly usualCluster: string | undefined;
}

/** The options with the choices that this workspace has. */
export async function jobOptions(
  { api, history, workspace, locationPath, usualCluster }: JobOptionsInput,
  signal: AbortSignal,
): Promise<readonly JobOption[]> {
  const [clusters, sizes, quotas, environments, curated] = await Promise.all([
    clustersIfAllowed(api, workspace, signal),
    listSizes(api, locationPath, signal),
    listQuotas(api, locationPath, signal),
    environmentNames(api, workspace, signal),
    curatedNames(api, history, signal),
  ]);
  const choices: Readonly<Partial<Record<OptionName, readonly JobOptionChoice[]>>> = {
    compute: [
      { value: 'serverless', description: 'Machines that Azure makes for this job alone' },
      ...(clusters ?? []).map((cluster) => ({ value: cluster.name, description: describeCluster(cluster) })),
    ],
    instanceType:
      sizes === null
        ? usualSizes.flatMap((size) => sizeChoice(size, []))
        : sizes.flatMap((size) => sizeChoice(size, [...prices(size), serverless(size, quotas).note])),
    environment: [
      ...environments.map((value) => ({ value, description: 'Of the workspace' })),
      ...curated.map((name) => ({
        value: `azureml://registries/azureml/environments/${name}/labels/latest`,
        description: 'Curated by Microsoft',
      })),
    ],
    distribution: [
      { value: 'PyTorch', description: 'One start per node, for torchrun and JAX' },
      { value: 'Mpi', description: 'By mpirun, for Horovod and DeepSpeed' },
    ],
    identity: [
      { value: 'user', description: 'As you' },
      // Serverless compute has none: beside another compute it is typed.
      ...(usualCluster === undefined
        ? []
        : [{ value: 'managed', description: 'As the managed identity of the cluster' }]),
      { value: 'workspace', description: 'By a token of Azure ML' },
    ],
  };

  return optionNames.map((name) => ({
    name,
    ...optionTexts[name],
    choices: choices[name] ?? [],
    mayType: name !== 'distribution',
  }));
}

/** In a line: what its nodes are and how many there are now. */
export function describeCluster({ size, isSpot, nodes, maxNodes, idle }: Cluster): string {
  const device = size === null ? null : acceleratorOf({ name: size });
  return [
    ...(size === null ? [] : [device === null ? size : `${device} (${size})`]),
    ...(isSpot ? ['low-priority'] : []),
    maxNodes === null ? `${nodes} nodes` : `${nodes} of ${maxNodes} nodes`,
    ...(idle > 0 ? [`${idle} idle`] : []),
  ].join(', ');
}

/** Those with an accelerator that is not told apart are left out: what they are for is unknown. */
function sizeChoice(size: Size, more: readonly string[]): readonly JobOptionChoice[] {
  const accelerator = acceleratorOf(size);
  if (accelerator === null && size.gpus > 0) {
    return [];
  }
  const device = accelerator === null ? [] : [formatAccelerator({ name: accelerator, count: size.gpus })];
  return [
    { value: size.name, description: [...device, `${size.vCpus} vCPUs`, `${size.memoryGb} GB`, ...more].join(', ') },
  ];
}

function prices({ price, hasSpot, spotPrice }: OfferedSize): readonly string[] {
  return [
    ...(price === null ? [] : [`$${price.toFixed(2)}/h`]),
    ...(hasSpot ? [spotPrice === null ? 'spot' : `$${spotPrice.toFixed(2)}/h as spot`] : []),
  ];
}

const containerSchema = z.looseObject({
  name: z.string(),
  properties: z.nullish(z.looseObject({ latestVersion: z.nullish(z.string()) })),
});

/** The newest versions of those of the workspace, without what was made of images. */
async function environmentNames(api: AzureApi, workspace: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const all = await api.list(`${workspace}/environments`, signal);
    const known = all.flatMap((item) => z.safeParse(containerSchema, item).data ?? []);
    return known
      .filter(({ name }) => !/^(?:aloft-image|CliV2AnonymousEnvironment|AzureML-)/u.test(name))
      .map(({ name, properties }) => (properties?.latestVersion ? `${name}:${properties.latestVersion}` : name))
      .toSorted();
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) {
      return [];
    }
    throw error;
  }
}

/** Those to train in: others serve models. None where Microsoft's registry does not answer, which takes no other choice away. */
async function curatedNames(
  api: AzureApi,
  history: Pick<RunHistory, 'region'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const names = await curatedEnvironments(api, await history.region(signal), signal);
    return names.filter((name) => !/inference|serving/iu.test(name)).toSorted();
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
