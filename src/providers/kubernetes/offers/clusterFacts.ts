import * as z from 'zod/mini';
import type { KeyValue } from '../../../core/ports.ts';

const kind = z.object({
  /** Canonical name of the accelerator. */
  name: z.string(),
  resource: z.string(),
  /** The label that tells these nodes, and the values it has on them. */
  key: z.string(),
  values: z.array(z.string()),
  /** Most of them on one node. */
  perNode: z.number(),
  /** Resources by which some of these nodes give their RDMA network, such as `rdma/ib`. */
  rdma: z.array(z.string()),
  /** TPU topologies that slices of these nodes form. */
  topologies: z.array(z.string()),
});

const factsSchema = z.object({
  accelerators: z.array(kind),
  /** Marks of spot nodes that were seen. */
  spot: z.array(z.object({ key: z.string(), value: z.string() })),
});

/** What the nodes of a cluster looked like when they were last listed; plans are made by it. */
export type ClusterFacts = z.infer<typeof factsSchema>;
export type AcceleratorKind = z.infer<typeof kind>;

const key = 'nodes';

/** null when the nodes were never seen. */
export function rememberedFacts(memory: KeyValue): ClusterFacts | null {
  try {
    return z.parse(factsSchema, JSON.parse(memory.get(key) ?? ''));
  } catch {
    return null;
  }
}

export async function rememberFacts(memory: KeyValue, facts: ClusterFacts): Promise<void> {
  const text = JSON.stringify(facts);
  if (memory.get(key) !== text) {
    await memory.set(key, text);
  }
}
