import * as z from 'zod/mini';
import { metadataSchema } from './meta.ts';

/** `v1` Event as far as it matters here. */
export const eventSchema = z.object({
  metadata: metadataSchema,
  involvedObject: z.object({
    kind: z.optional(z.string()),
    name: z.optional(z.string()),
    uid: z.optional(z.string()),
  }),
  reason: z._default(z.string(), ''),
  message: z._default(z.string(), ''),
  lastTimestamp: z.optional(z.nullable(z.string())),
  eventTime: z.optional(z.nullable(z.string())),
});

export type Event = z.infer<typeof eventSchema>;
