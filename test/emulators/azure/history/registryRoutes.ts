import { curated } from '../resources/catalog.ts';
import { page, type Route, route } from '../route.ts';

const home = { subscriptionId: '99999999-aaaa-4bbb-8ccc-dddddddddddd', resourceGroup: 'azureml-registry' };
const path =
  '/mferp/managementfrontend/subscriptions/{registrySubscription}/resourceGroups/{registryGroup}/providers/Microsoft.MachineLearningServices/registries/azureml/environments';

/** Microsoft's registry `azureml`, which Resource Manager does not have, and the service that knows where it is. */
export const registryRoutes: readonly Route[] = [
  route('GET', '/registrymanagement/v1.0/registries/azureml/discovery', ({ world }) => ({
    code: 200,
    body: { registryName: 'azureml', primaryRegionResourceProviderUri: `${world.url}/`, ...home },
  })),
  route('GET', path, (call) =>
    page(
      call,
      Object.entries(curated).map(([name, versions]) => ({
        id: `azureml://registries/azureml/environments/${name}`,
        name,
        type: 'Microsoft.MachineLearningServices/registries/environments',
        properties: { description: null, tags: {}, properties: {}, isArchived: false, latestVersion: versions.at(-1) },
      })),
      call.world.pageSize,
    ),
  ),
];
