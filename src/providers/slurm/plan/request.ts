import * as z from 'zod/mini';

import { isRunName, type RunName } from '../../../core/runName.ts';

/** The native request of this provider: what request.json of a run folder holds. Secrets by name only. */
export const requestSchema = z.object({
  version: z.literal(1),
  run: z.custom<RunName>(isRunName),
  snapshot: z.custom<string>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/u.test(value)),
  /** For sbatch, which is run in the run folder; the script and the run folder follow. */
  arguments: z.array(z.string()),
  /** All of the batch script, or what follows the `#SBATCH` lines of the existing one. */
  script: z.string(),
  /** An existing batch script: relative to the root of the snapshot, or absolute on the cluster. */
  existingScript: z.nullable(z.string()),
  secrets: z.array(z.string()),
  workingDirectory: z.string(),
  name: z.string(),
  /** As `specToInput` wrote it, for whoever finds the run without knowing it. */
  spec: z.json(),
});

export type JobRequest = z.infer<typeof requestSchema>;
