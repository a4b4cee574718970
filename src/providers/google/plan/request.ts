import * as z from 'zod/mini';
import type { Json } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { regionSchema } from '../settings.ts';

const seconds = z.object({ seconds: z.number() });

const poolSchema = z.object({
  machineSpec: z.object({
    machineType: z.string(),
    acceleratorType: z.optional(z.string()),
    acceleratorCount: z.optional(z.number()),
    tpuTopology: z.optional(z.string()),
    reservationAffinity: z.optional(
      z.object({ reservationAffinityType: z.string(), key: z.string(), values: z.array(z.string()) }),
    ),
  }),
  replicaCount: z.number(),
  diskSpec: z.optional(z.object({ bootDiskSizeGb: z.number() })),
  containerSpec: z.object({
    imageUri: z.string(),
    command: z.array(z.string()),
    args: z.array(z.string()),
    env: z.array(z.object({ name: z.string(), value: z.string() })),
  }),
});

const schedulingSchema = z.object({
  strategy: z.enum(['STANDARD', 'SPOT', 'FLEX_START']),
  timeout: z.optional(seconds),
  maxWaitDuration: z.optional(seconds),
  disableRetries: z.optional(z.boolean()),
  restartJobOnWorkerRestart: z.optional(z.boolean()),
});

/** `google.cloud.aiplatform.v1.CustomJob` as the SDK takes it. */
const customJobSchema = z.object({
  displayName: z.string(),
  labels: z.record(z.string(), z.string()),
  jobSpec: z.object({
    workerPoolSpecs: z.array(poolSchema),
    scheduling: schedulingSchema,
    serviceAccount: z.optional(z.string()),
    network: z.optional(z.string()),
    baseOutputDirectory: z.object({ outputUriPrefix: z.string() }),
  }),
});

const requestSchema = z.object({
  region: regionSchema,
  bucket: z.string(),
  snapshotId: z.string(),
  /** Names alone. */
  secrets: z.array(z.string()),
  /** As `specToInput` writes it; kept beside the job, so that a lost store can be made again. */
  spec: z.unknown(),
  customJob: customJobSchema,
});

export type CustomJobRequest = z.infer<typeof customJobSchema>;

/** The native request of this provider. */
export type JobRequest = z.infer<typeof requestSchema>;

/** Throws `invalid` for the plan of another provider. */
export function readRequest(request: Json): JobRequest {
  const parsed = z.safeParse(requestSchema, request);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'This plan is not one for Google Cloud.', { raw: parsed.error.message });
  }
  return parsed.data;
}
