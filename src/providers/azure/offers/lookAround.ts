import type { Clock, KeyValue } from '../../../core/ports.ts';
import type { AzureApi } from '../client/api.ts';
import type { Workspace } from '../client/workspace.ts';
import { rememberFacts } from '../facts.ts';
import { locationPath, workspaceId } from '../paths.ts';
import type { AzureSettings } from '../settings.ts';
import { usualSizes } from '../sizes.ts';
import { type Cluster, clustersIfAllowed } from './clusters.ts';
import { listQuotas, listSizes, type OfferedSize, type Quotas } from './regionLists.ts';

export interface Look {
  readonly location: string;
  readonly sizes: readonly OfferedSize[];
  readonly quotas: Quotas | null;
  readonly clusters: readonly Cluster[];
  readonly asOf: number;
}

export interface LookDeps {
  readonly api: AzureApi;
  readonly workspace: Workspace;
  readonly settings: AzureSettings;
  readonly keyValue: KeyValue;
  readonly clock: Clock;
}

/** What the workspace has now, which plans are made by from then on. */
export async function lookAround(deps: LookDeps, signal: AbortSignal): Promise<Look> {
  const { api, workspace, settings, keyValue, clock } = deps;
  const asOf = clock.now();
  const { location } = await workspace.refreshed(signal);
  const path = locationPath(settings.subscription, location);
  const [clusters, sizes, quotas] = await Promise.all([
    clustersIfAllowed(api, workspaceId(settings), signal),
    listSizes(api, path, signal),
    listQuotas(api, path, signal),
  ]);
  const known =
    sizes ?? usualSizes.map((size) => ({ ...size, family: '', hasSpot: true, price: null, spotPrice: null }));
  // Who may not read the datastore's name may still see what there is.
  const datastore = await workspace.defaultStore(signal).then(
    ({ name }) => name,
    () => null,
  );
  signal.throwIfAborted();
  if (datastore !== null) {
    await rememberFacts(keyValue, {
      location,
      datastore,
      sizes: known.map(({ name, gpus, vCpus, memoryGb, hasSpot }) => ({ name, gpus, vCpus, memoryGb, hasSpot })),
      clusters: (clusters ?? []).map(({ name, size, isSpot, maxNodes }) => ({ name, size, isSpot, maxNodes })),
    });
  }
  return { location, sizes: known, quotas, clusters: clusters ?? [], asOf };
}
