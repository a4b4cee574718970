import type { Handle } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { mergePatch } from './client/api.ts';
import { ApiError, hasStatus } from './client/apiError.ts';
import type { Cluster } from './cluster.ts';
import { type Job, nodeCount } from './model/job.ts';
import { container, disruption, endOf, type Pod, statusOf } from './model/pod.ts';
import { noHints } from './observe/hints.ts';
import { findJobSet, outcomeOf } from './observe/jobSet.ts';
import { currentPods, observationOf } from './observe/observation.ts';
import { verdictPatch } from './observe/verdict.ts';
import { object, resource } from './paths.ts';
import { letGo } from './results/collect.ts';
import type { Run } from './state/runs.ts';
import { dataOf, resourceOf } from './submit.ts';

/** The Job may change between the look at it and its deletion; then it is looked at again, at most so often. */
const tries = 10;

/**
 * Cancels by deleting the Job, in the foreground: it stays, as `cancelling`, until its last pod is gone. A suspended Job would
 * keep its record, but Kueue and people resume those, and nothing ever removes them. A Job that has ended is left alone.
 */
export async function cancelRun(cluster: Cluster, handle: Handle, now: number, signal: AbortSignal): Promise<void> {
  const { api, namespace, runs, tombstones } = cluster;
  const { name, kind, uid } = dataOf(handle);
  for (let left = tries; ; left -= 1) {
    const run = await runs.fresh(name, signal);
    const observation = observationOf(run, noHints, now);
    if (
      kind === 'JobSet' ? await setHasEnded(cluster, name, signal) : observation === null || hasEnded(observation.state)
    ) {
      return;
    }
    if (run.job !== null && observation?.state === 'preempted' && isFinished(run)) {
      await patchVerdict(cluster, run.job.metadata, now, signal);
      return;
    }
    if (kind === 'Job' && run.job !== null && endsByItself(run.job, run.pods)) {
      // Only its results are still kept.
      const keeping = currentPods(run.pods).filter((pod) => statusOf(pod, container.results)?.state?.running);
      await Promise.all(keeping.map(async (pod) => letGo(api, namespace, pod, signal)));
      return;
    }
    const takeBack = tombstones.expect(name, observation);
    const resourceVersion = kind === 'Job' ? run.job?.metadata.resourceVersion : undefined;
    try {
      await deleteObject(
        cluster,
        handle,
        'Foreground',
        { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        signal,
      );
      return;
    } catch (error) {
      if (hasStatus(error, 404)) {
        return;
      }
      // Without an answer it may have been deleted.
      if (error instanceof ApiError) {
        takeBack();
      }
      if (!hasStatus(error, 409) || left <= 1) {
        throw error;
      }
    }
  }
}

/** Every node has come to its end, and none of them begins anew because its place was taken away. */
export function endsByItself(job: Job, pods: readonly Pod[]): boolean {
  const current = currentPods(pods);
  return (
    current.length >= nodeCount(job) &&
    current.every((pod) => {
      const end = endOf(pod, container.main);
      return end !== null && (end.exitCode === 0 || disruption(pod) === null);
    })
  );
}

/** Removes an ended Job with its pods and everything that it owns. Throws `conflict` for one that has not ended. */
export async function removeRun(cluster: Cluster, handle: Handle, now: number, signal: AbortSignal): Promise<void> {
  const { runs, tombstones } = cluster;
  const { name, kind, uid } = dataOf(handle);
  const run = await runs.fresh(name, signal);
  const observation = observationOf(run, noHints, now);
  const isOver =
    kind === 'JobSet'
      ? await setHasEnded(cluster, name, signal)
      : observation === null || hasEnded(observation.state) || isFinished(run);
  if (!isOver) {
    throw new ProviderError('conflict', 'The job has not ended yet, so it is not removed.', {
      remedy: 'Cancel it first.',
    });
  }
  try {
    await deleteObject(cluster, handle, 'Background', { uid }, signal);
  } catch (error) {
    if (!hasStatus(error, 404)) {
      throw error;
    }
  }
  tombstones.forget(name);
}

/** The policy goes into the body: beside one, the server ignores it in the query. Without any, pods would run on. */
async function deleteObject(
  { api, namespace }: Cluster,
  handle: Handle,
  propagationPolicy: 'Foreground' | 'Background',
  preconditions: object,
  signal: AbortSignal,
): Promise<void> {
  const { name, kind } = dataOf(handle);
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
  await api.json('DELETE', object(resourceOf(kind), namespace, name), { body }, signal);
}

async function patchVerdict(
  { api, namespace }: Cluster,
  { name, uid }: { readonly name: string; readonly uid: string },
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const body = verdictPatch({ state: 'cancelled', explanation: null, reason: null, at }, uid);
  await api.json('PATCH', object(resource.jobs, namespace, name), { body, contentType: mergePatch }, signal);
}

/** True as well when it is not there. */
async function setHasEnded({ api, namespace }: Cluster, name: string, signal: AbortSignal): Promise<boolean> {
  const set = await findJobSet(api, namespace, name, signal);
  return set === null || outcomeOf(set) !== null;
}

function hasEnded(state: string): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

function isFinished({ job }: Run): boolean {
  return (
    job?.status.conditions?.some(
      ({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True',
    ) === true
  );
}
