import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { RunId, SnapshotId } from '../../core/job.ts';
import { isRunId } from '../../core/job.ts';
import { runFile } from './layout.ts';

const milliseconds = z.nullable(z.number());

/** The native request of this provider: what request.json holds. Secrets by name only. */
export const requestSchema = z.object({
  version: z.literal(1),
  runId: z.custom<RunId>(isRunId),
  attempt: z.int(),
  snapshot: z.custom<SnapshotId>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/u.test(value)),
  /** The Python that `python` and `python3` stand for in the job; null: the first `python3` on the PATH. */
  interpreter: z.nullable(z.string()),
  spec: z.looseObject({
    name: z.string(),
    command: z.string(),
    setup: z.nullable(z.string()),
    workingDirectory: z.string(),
    env: z.record(z.string(), z.string()),
    secrets: z.array(z.string()),
    accelerator: z.nullable(z.object({ name: z.string(), count: z.int() })),
    limits: z.looseObject({ durationMs: milliseconds, waitMs: z.union([milliseconds, z.literal('never')]) }),
  }),
});

export type RunRequest = z.infer<typeof requestSchema>;

/** Throws when the file cannot be read or is not a request. */
export async function readRequest(folder: string): Promise<RunRequest> {
  return z.parse(requestSchema, JSON.parse(await readFile(join(folder, runFile.request), 'utf8')));
}
