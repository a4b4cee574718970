import type { AzureSettings } from './settings.ts';

/** Resource ids, which are also the paths that Resource Manager answers at. */
export function workspaceId({ subscription, resourceGroup, workspace }: AzureSettings): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}`;
}
