import * as z from 'zod/mini';
import type { KeyValue } from '../../core/ports.ts';

const size = z.object({
  name: z.string(),
  gpus: z.number(),
  vCpus: z.number(),
  memoryGb: z.number(),
  hasSpot: z.optional(z.boolean()),
});

const cluster = z.object({
  name: z.string(),
  /** Of its nodes; null where it does not say, as an attached Kubernetes cluster. */
  size: z.nullable(z.string()),
  isSpot: z.boolean(),
  maxNodes: z.nullable(z.number()),
});

const factsSchema = z.object({
  location: z.string(),
  /** Name of the default datastore. */
  datastore: z.string(),
  sizes: z.array(size),
  clusters: z.array(cluster),
});

/** What the workspace looked like when it was last asked; plans are made by it. */
export type WorkspaceFacts = z.infer<typeof factsSchema>;
export type ClusterFacts = z.infer<typeof cluster>;

const key = 'workspace';

/** null when it was never asked. */
export function rememberedFacts(memory: KeyValue): WorkspaceFacts | null {
  try {
    return z.parse(factsSchema, JSON.parse(memory.get(key) ?? ''));
  } catch {
    return null;
  }
}

export async function rememberFacts(memory: KeyValue, facts: WorkspaceFacts): Promise<void> {
  const text = JSON.stringify(facts);
  if (memory.get(key) !== text) {
    await memory.set(key, text);
  }
}
