import * as z from 'zod/mini';
import type { AzureApi } from './api.ts';
import { trusted } from './trusted.ts';

/** Microsoft's own, of which everybody may read. */
const registry = 'azureml';

const discoverySchema = z.object({
  primaryRegionResourceProviderUri: z.string(),
  subscriptionId: z.string(),
  resourceGroup: z.string(),
});

const pageSchema = z.object({
  value: z.array(
    z.looseObject({
      name: z.string(),
      properties: z.nullish(z.looseObject({ isArchived: z.nullish(z.boolean()) })),
    }),
  ),
  nextLink: z.nullish(z.string()),
});

const mostPages = 20;

/**
 * Names of the curated environments. Resource Manager does not have them: `region`, where the services of Azure ML in a region are,
 * knows which service does, as `az ml environment list --registry-name azureml` asks it.
 */
export async function curatedEnvironments(
  api: AzureApi,
  region: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const discovery = `${region}/registrymanagement/v1.0/registries/${registry}/discovery?api-version=v1.0`;
  const { body } = await api.callUrl('GET', discovery, {}, signal);
  const { primaryRegionResourceProviderUri, subscriptionId, resourceGroup } = z.parse(discoverySchema, body);
  const service = new URL(trusted(primaryRegionResourceProviderUri)).origin;
  const path = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/registries/${registry}/environments`;
  const names: string[] = [];
  let next = `${service}/mferp/managementfrontend${path}?api-version=2021-10-01-dataplanepreview`;
  for (let page = 0; page < mostPages && next.startsWith(`${service}/`); page += 1) {
    const { value, nextLink } = z.parse(pageSchema, (await api.callUrl('GET', next, {}, signal)).body);
    names.push(...value.filter(({ properties }) => properties?.isArchived !== true).map(({ name }) => name));
    next = nextLink ?? '';
  }
  return names;
}
