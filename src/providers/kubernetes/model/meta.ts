import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';

const words = z._default(z.record(z.string(), z.string()), {});

/** What every object has, as far as it matters here. */
export const metadataSchema = z.object({
  name: z.string(),
  namespace: z._default(z.string(), ''),
  uid: z._default(z.string(), ''),
  resourceVersion: z._default(z.string(), ''),
  creationTimestamp: z.optional(z.nullable(z.string())),
  deletionTimestamp: z.optional(z.nullable(z.string())),
  labels: z.pipe(z.transform(orEmpty), words),
  annotations: z.pipe(z.transform(orEmpty), words),
  ownerReferences: z.optional(z.nullable(z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string() })))),
});

function orEmpty(value: unknown): unknown {
  return value ?? {};
}

export const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.optional(z.string()),
  message: z.optional(z.string()),
  lastTransitionTime: z.optional(z.nullable(z.string())),
});

export type Condition = z.infer<typeof conditionSchema>;

export const conditionsSchema = z.optional(z.nullable(z.array(conditionSchema)));

/** A list of anything; its items are read one by one, so that one odd object does not hide the others. */
export const listSchema = z.object({
  metadata: z.optional(z.object({ resourceVersion: z.optional(z.string()), continue: z.optional(z.string()) })),
  items: z.pipe(
    z.transform((items) => items ?? []),
    z.array(z.unknown()),
  ),
});

/** The condition of that type, if it holds. */
export function holds(conditions: readonly Condition[] | null | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

/** null for what is not there or is no time; 1970 is how runtimes say "never". */
export function timeOf(text: string | null | undefined): EpochMs | null {
  const time = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return time > 0 ? time : null;
}
