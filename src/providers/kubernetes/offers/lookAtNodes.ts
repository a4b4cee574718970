import * as z from 'zod/mini';
import type { KubeApi } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { nodeSchema, podRequestsSchema } from '../model/node.ts';
import { collection, resource } from '../paths.ts';
import { listAll } from '../state/listing.ts';
import { type NodeUse, usesOf } from './nodeUse.ts';

/** Of 500 pods each: beyond that it takes too long, and how much is free stays unknown. */
const mostPodPages = 20;

export type Look =
  | { readonly kind: 'nodes'; readonly uses: readonly NodeUse[] }
  /** The nodes may not be listed. `quota`: what is left of the namespace's, in words. */
  | { readonly kind: 'blind'; readonly quota: string | null };

/** Looks at the nodes of the whole cluster and at what runs on them, as far as that is allowed. */
export async function lookAtNodes(api: KubeApi, namespace: string, signal: AbortSignal): Promise<Look> {
  try {
    const nodes = await listAll(api, '/api/v1/nodes', { resourceVersion: 0 }, signal);
    const pods = await podsOfAll(api, signal);
    return {
      kind: 'nodes',
      uses: usesOf(
        (nodes?.items ?? []).flatMap((item) => z.safeParse(nodeSchema, item).data ?? []),
        pods?.flatMap((item) => z.safeParse(podRequestsSchema, item).data ?? []) ?? null,
      ),
    };
  } catch (error) {
    if (!hasStatus(error, 403)) {
      throw error;
    }
    return { kind: 'blind', quota: await quotaLeft(api, namespace, signal) };
  }
}

async function podsOfAll(api: KubeApi, signal: AbortSignal): Promise<readonly unknown[] | null> {
  try {
    const fieldSelector = 'status.phase!=Succeeded,status.phase!=Failed';
    return (await listAll(api, '/api/v1/pods', { fieldSelector }, signal, mostPodPages))?.items ?? null;
  } catch (error) {
    if (hasStatus(error, 403)) {
      return null;
    }
    throw error;
  }
}

const quotaSchema = z.object({
  status: z.optional(
    z.object({
      hard: z.optional(z.record(z.string(), z.string())),
      used: z.optional(z.record(z.string(), z.string())),
    }),
  ),
});

async function quotaLeft(api: KubeApi, namespace: string, signal: AbortSignal): Promise<string | null> {
  try {
    const list = await listAll(api, collection(resource.resourceQuotas, namespace), {}, signal);
    const words = (list?.items ?? []).flatMap((item) => {
      const { hard = {}, used = {} } = z.safeParse(quotaSchema, item).data?.status ?? {};
      return Object.entries(hard)
        .filter(([name]) => /gpu|tpu|neuron|gaudi/u.test(name))
        .map(
          ([name, limit]) =>
            `quota: ${Number(limit) - Number(used[name] ?? 0)} of ${limit} ${name.replace(/^requests\./u, '')} left`,
        );
    });
    return words.length === 0 ? null : words.join(', ');
  } catch (error) {
    if (hasStatus(error, 403, 404)) {
      return null;
    }
    throw error;
  }
}
