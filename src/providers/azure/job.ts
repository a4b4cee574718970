import * as z from 'zod/mini';
import { ProviderError } from '../../core/providerError.ts';

const strings = z.record(z.string(), z.unknown());

const jobSchema = z.looseObject({
  name: z.string(),
  systemData: z.nullish(z.looseObject({ createdAt: z.nullish(z.string()), createdBy: z.nullish(z.string()) })),
  properties: z.looseObject({
    jobType: z.nullish(z.string()),
    displayName: z.nullish(z.string()),
    status: z.nullish(z.string()),
    properties: z.nullish(strings),
    computeId: z.nullish(z.string()),
    resources: z.nullish(z.looseObject({ instanceCount: z.nullish(z.number()), instanceType: z.nullish(z.string()) })),
    queueSettings: z.nullish(z.looseObject({ jobTier: z.nullish(z.string()) })),
    limits: z.nullish(z.looseObject({ timeout: z.nullish(z.string()) })),
  }),
});

/** A job as Azure ML tells of it, as far as it is read here. */
export type Job = z.infer<typeof jobSchema>;

/** Throws `transient` for what is none. */
export function parseJob(answer: unknown): Job {
  const parsed = z.safeParse(jobSchema, answer);
  if (!parsed.success) {
    throw new ProviderError('transient', 'Azure answered with something that is no job.', {
      raw: parsed.error.message,
    });
  }
  return parsed.data;
}

/** null for what is no time. Azure leaves out the zone at times and means UTC. */
export function timeOf(text: string | null | undefined): number | null {
  if (!text) {
    return null;
  }
  const time = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/iu.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? null : time;
}
