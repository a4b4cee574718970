import * as z from 'zod/mini';
import type { AzureApi } from '../client/api.ts';
import { ApiError } from '../client/apiError.ts';

const computeSchema = z.looseObject({
  name: z.string(),
  properties: z.looseObject({
    computeType: z.string(),
    provisioningErrors: z.nullish(
      z.array(z.looseObject({ error: z.nullish(z.looseObject({ message: z.nullish(z.string()) })) })),
    ),
    properties: z.nullish(
      z.looseObject({
        vmSize: z.nullish(z.string()),
        vmPriority: z.nullish(z.string()),
        scaleSettings: z.nullish(z.looseObject({ maxNodeCount: z.nullish(z.number()) })),
        currentNodeCount: z.nullish(z.number()),
        targetNodeCount: z.nullish(z.number()),
        allocationState: z.nullish(z.string()),
        nodeStateCounts: z.nullish(
          z.looseObject({ idleNodeCount: z.nullish(z.number()), runningNodeCount: z.nullish(z.number()) }),
        ),
        errors: z.nullish(
          z.array(
            z.looseObject({
              error: z.nullish(z.looseObject({ code: z.nullish(z.string()), message: z.nullish(z.string()) })),
            }),
          ),
        ),
      }),
    ),
  }),
});

/** A cluster of the workspace that takes jobs. */
export interface Cluster {
  readonly name: string;
  /** Size of its nodes; null where it does not say, as an attached Kubernetes cluster. */
  readonly size: string | null;
  readonly isSpot: boolean;
  readonly maxNodes: number | null;
  readonly nodes: number;
  readonly idle: number;
  readonly isResizing: boolean;
  /** Why it did not become as large as it was to be, in Azure's own words. */
  readonly errors: readonly string[];
}

export async function listClusters(api: AzureApi, workspace: string, signal: AbortSignal): Promise<readonly Cluster[]> {
  const computes = await api.list(`${workspace}/computes`, signal);
  return computes.flatMap((item) => clusterOf(item) ?? []);
}

/** null where they may not be listed. */
export async function clustersIfAllowed(
  api: AzureApi,
  workspace: string,
  signal: AbortSignal,
): Promise<readonly Cluster[] | null> {
  try {
    return await listClusters(api, workspace, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) {
      return null;
    }
    throw error;
  }
}

function clusterOf(item: unknown): Cluster | null {
  const compute = z.safeParse(computeSchema, item).data;
  if (compute === undefined || !/^(?:AmlCompute|Kubernetes)$/iu.test(compute.properties.computeType)) {
    return null;
  }
  const own = compute.properties.properties ?? {};
  return {
    name: compute.name,
    size: own.vmSize ?? null,
    isSpot: /^low/iu.test(own.vmPriority ?? ''),
    maxNodes: own.scaleSettings?.maxNodeCount ?? null,
    nodes: own.currentNodeCount ?? 0,
    idle: own.nodeStateCounts?.idleNodeCount ?? 0,
    isResizing: own.allocationState === 'Resizing',
    errors: (own.errors ?? []).flatMap(({ error }) => {
      const text = [error?.code, error?.message].filter(Boolean).join(': ');
      return text === '' ? [] : [text];
    }),
  };
}
