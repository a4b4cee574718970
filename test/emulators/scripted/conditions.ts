import * as z from 'zod/mini';

/** How the backend is at the moment. */
export const conditionsSchema = z.object({
  signedIn: z._default(z.boolean(), true),
  /** Jobs that may be alive at once; a further one is refused with `capacity`. */
  capacity: z._default(z.nullable(z.number()), null),
  /** Jobs that may ever be created; a further one is refused with `quota`. */
  quota: z._default(z.nullable(z.number()), null),
  /** Jobs stay in their first phase. */
  hold: z._default(z.boolean(), false),
  /** Log chunks are cut at lengths from 1 to this. */
  chunkBytes: z._default(z.number(), 1000),
  /** `list` and `observe` answer in another order each time. */
  shuffle: z._default(z.boolean(), false),
  /** How long a job would wait that is asked about in a dry run, in ms; null: the backend does not say. */
  expectedWaitMs: z._default(z.nullable(z.number()), null),
});

export type Conditions = z.infer<typeof conditionsSchema>;
