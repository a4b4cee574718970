import * as z from 'zod/mini';

/** How the backend is at the moment. */
const offerSchema = z.object({
  accelerator: z.nullable(z.string()),
  count: z.number(),
  region: z.nullable(z.string()),
  memoryGib: z._default(z.nullable(z.number()), null),
  price: z._default(z.nullable(z.number()), null),
  free: z._default(z.nullable(z.number()), null),
  total: z.optional(z.number()),
  likelihood: z._default(z.enum(['now', 'wait', 'unknown', 'no']), 'unknown'),
  note: z._default(z.string(), 'scripted'),
});

export const offersSchema = z.array(offerSchema);

export const conditionsSchema = z.object({
  signedIn: z._default(z.boolean(), true),
  account: z._default(z.string(), 'ada@lab.example'),
  /** When the sign-in ends; null: never. */
  signedInUntil: z._default(z.nullable(z.number()), null),
  /** What there is; null: the same few accelerators as ever. */
  offers: z._default(z.nullable(offersSchema), null),
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
export type ConditionsInput = z.input<typeof conditionsSchema>;
