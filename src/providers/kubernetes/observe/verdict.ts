import * as z from 'zod/mini';
import type { Job } from '../model/job.ts';
import { annotation } from '../names.ts';

const verdictSchema = z.object({
  state: z.enum(['failed', 'cancelled']),
  /** One plain sentence without a full stop. */
  explanation: z.nullable(z.string()),
  /** The cluster's words. */
  reason: z.nullable(z.string()),
  /** In ms since the epoch. */
  at: z.number(),
});

/** How Aloft ended a job itself; written on the Job, so that every window and machine says the same. */
export type Verdict = z.infer<typeof verdictSchema>;

export function verdictOf(job: Job): Verdict | null {
  try {
    return z.parse(verdictSchema, JSON.parse(job.metadata.annotations[annotation.verdict] ?? ''));
  } catch {
    return null;
  }
}

/** Ends the Job: its pods go at once, and its record stays as long as that of other ended jobs. */
export function verdictPatch(verdict: Verdict, uid: string): object {
  return {
    metadata: { uid, annotations: { [annotation.verdict]: JSON.stringify(verdict) } },
    spec: { activeDeadlineSeconds: 1 },
  };
}
