import * as z from 'zod/mini';
import { conditionsSchema, metadataSchema } from './meta.ts';

const quantities = z._default(z.record(z.string(), z.union([z.string(), z.number()])), {});

/** `v1` Node as far as it matters here. */
export const nodeSchema = z.object({
  metadata: metadataSchema,
  spec: z._default(
    z.object({
      unschedulable: z.optional(z.nullable(z.boolean())),
      taints: z.optional(
        z.nullable(z.array(z.object({ key: z.string(), value: z.optional(z.string()), effect: z.string() }))),
      ),
    }),
    {},
  ),
  status: z._default(z.object({ allocatable: quantities, conditions: conditionsSchema }), { allocatable: {} }),
});

export type Node = z.infer<typeof nodeSchema>;

const resources = z.optional(z.nullable(z.object({ requests: z.optional(z.nullable(quantities)) })));
const containers = z.optional(
  z.nullable(z.array(z.object({ resources, restartPolicy: z.optional(z.nullable(z.string())) }))),
);

/** What a pod takes of its node. */
export const podRequestsSchema = z.object({
  spec: z.object({
    nodeName: z.optional(z.nullable(z.string())),
    containers,
    initContainers: containers,
  }),
  status: z.optional(z.object({ phase: z.optional(z.string()) })),
});

export type PodRequests = z.infer<typeof podRequestsSchema>;
