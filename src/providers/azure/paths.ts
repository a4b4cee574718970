import type { AzureSettings } from './settings.ts';

/** Resource ids, which are also the paths that Resource Manager answers at. */
export function workspaceId({
  subscription,
  resourceGroup,
  workspace,
}: Pick<AzureSettings, 'resourceGroup' | 'subscription' | 'workspace'>): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}`;
}

export function locationPath(subscription: string, location: string): string {
  return `/subscriptions/${subscription}/providers/Microsoft.MachineLearningServices/locations/${location}`;
}
