import * as z from 'zod/mini';
import { conditionsSchema, metadataSchema } from './meta.ts';

/** Newest first; both are served by current releases. */
export const kueueVersions = ['v1beta2', 'v1beta1'];
export const kueueGroup = 'kueue.x-k8s.io';
export const queueLabel = 'kueue.x-k8s.io/queue-name';
export const jobUidLabel = 'kueue.x-k8s.io/job-uid';

/** Kueue's record of one job as far as it matters here. */
export const workloadSchema = z.object({
  metadata: metadataSchema,
  status: z._default(z.object({ conditions: conditionsSchema }), {}),
});

export type Workload = z.infer<typeof workloadSchema>;

export const localQueueSchema = z.object({
  metadata: metadataSchema,
  spec: z._default(z.object({ clusterQueue: z.optional(z.string()) }), {}),
  status: z._default(
    z.object({ pendingWorkloads: z.optional(z.number()), admittedWorkloads: z.optional(z.number()) }),
    {},
  ),
});
