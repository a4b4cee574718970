import * as z from 'zod/mini';
import type { EpochMs } from '../../../core/job.ts';
import { isTerminal } from '../../../core/jobState.ts';
import { isTold } from '../../../core/observe.ts';
import type { Observation } from '../../../core/provider.ts';
import type { KubeApi } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { conditionsSchema, holds, metadataSchema } from '../model/meta.ts';
import { object, resource } from '../paths.ts';

/** `jobset.x-k8s.io/v1alpha2` JobSet as far as it matters here. */
export const jobSetSchema = z.object({
  metadata: metadataSchema,
  status: z._default(z.object({ restarts: z._default(z.number(), 0), conditions: conditionsSchema }), { restarts: 0 }),
});

export type JobSet = z.infer<typeof jobSetSchema>;

/** null when it is not there. */
export async function findJobSet(
  api: KubeApi,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<JobSet | null> {
  try {
    return z.parse(jobSetSchema, await api.json('GET', object(resource.jobSets, namespace, name), {}, signal));
  } catch (error) {
    if (hasStatus(error, 404)) {
      return null;
    }
    throw error;
  }
}

/** How it ended; null while it goes on. */
export function outcomeOf({ status }: JobSet): 'succeeded' | 'failed' | null {
  if (holds(status.conditions, 'Completed') !== undefined) {
    return 'succeeded';
  }
  return holds(status.conditions, 'Failed') === undefined ? null : 'failed';
}

/**
 * What its Job says is true of a JobSet only while the Job runs: one that has ended may be made anew, with all its nodes. `own`:
 * of the Job; null when there is none now. null when the JobSet is not there.
 */
export async function throughSet(
  own: Observation | null,
  seenAt: EpochMs,
  lookUp: () => Promise<JobSet | null>,
): Promise<Observation | null> {
  if (own !== null && (!isTold(own.state) || !(isTerminal(own.state) || own.state === 'cancelling'))) {
    return own;
  }
  const set = await lookUp();
  if (set === null) {
    return null;
  }
  const outcome = outcomeOf(set);
  const base: Observation = own ?? {
    state: 'unknown',
    nativeState: 'JobSet',
    reason: null,
    observedAt: seenAt,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
    nodes: [],
    tasks: [],
    native: null,
  };
  if (set.metadata.deletionTimestamp) {
    return { ...base, state: 'cancelling', nativeState: 'Terminating', endedAt: null, exitCode: null, signal: null };
  }
  if (outcome !== null) {
    const failure = holds(set.status.conditions, 'Failed');
    return { ...base, state: outcome, reason: base.reason ?? failure?.message ?? null };
  }
  const { restarts } = set.status;
  return {
    ...base,
    state: 'queued',
    nativeState: 'Restarting',
    explanation:
      own === null && restarts === 0
        ? 'The JobSet is making its pods'
        : `A node failed, and all of them start again (restart ${Math.max(1, restarts)})`,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    signal: null,
  };
}
