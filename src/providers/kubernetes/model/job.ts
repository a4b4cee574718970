import * as z from 'zod/mini';
import { annotation } from '../names.ts';
import { queueLabel } from './kueue.ts';
import { conditionsSchema, metadataSchema } from './meta.ts';

/** `batch/v1` Job as far as it matters here; see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/. */
export const jobSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    suspend: z.optional(z.nullable(z.boolean())),
    completions: z.optional(z.nullable(z.number())),
  }),
  status: z._default(
    z.looseObject({
      startTime: z.optional(z.nullable(z.string())),
      completionTime: z.optional(z.nullable(z.string())),
      conditions: conditionsSchema,
      active: z.optional(z.number()),
    }),
    {},
  ),
});

export type Job = z.infer<typeof jobSchema>;

/** The JobSet that it is part of; null for a Job of its own. */
export function setOf({ metadata }: Job): { readonly name: string; readonly uid: string } | null {
  return metadata.ownerReferences?.find(({ kind }) => kind === 'JobSet') ?? null;
}

/** Kueue's LocalQueue that the job waits in; null for none. Of a JobSet, only the set itself carries Kueue's label. */
export function queueOf({ metadata }: Job): string | null {
  return metadata.labels[queueLabel] ?? metadata.annotations[annotation.queue] ?? null;
}

/** Uid of what Kueue keeps its record for. */
export function workloadOwner(job: Job): string {
  return setOf(job)?.uid ?? job.metadata.uid;
}

/** How many pods run at once. */
export function nodeCount(job: Job): number {
  return job.spec.completions ?? 1;
}
