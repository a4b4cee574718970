import * as z from 'zod/mini';
import type { Handle } from '../../core/provider.ts';

const dataSchema = z.object({
  /** Of the job in the workspace. */
  name: z.string(),
  nodes: z.number(),
  /** It has secrets in the datastore, which go when it has ended. */
  hasSecrets: z.boolean(),
});

/** What finds an attempt again. */
export type JobData = z.infer<typeof dataSchema>;

export function handleOf(data: JobData): Handle {
  return { id: data.name, data };
}

export function dataOf({ id, data }: Handle): JobData {
  return z.safeParse(dataSchema, data).data ?? { name: id, nodes: 1, hasSecrets: false };
}
