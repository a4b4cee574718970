import * as z from 'zod/mini';
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

/** How many pods run at once. */
export function nodeCount(job: Job): number {
  return job.spec.completions ?? 1;
}
