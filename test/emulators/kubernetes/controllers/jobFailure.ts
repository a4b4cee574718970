import { hasCondition } from '../objects/conditions.ts';
import type { Job, JobStatus, Pod } from '../objects/types.ts';
import { completionIndex, failedIndexes, indexText, parseIndexes } from './jobIndexes.ts';
import { isSucceeded, isTracked } from './jobState.ts';
import { policyVerdict } from './podFailurePolicy.ts';

export interface Outcome {
  readonly reason: string;
  readonly message: string;
}

/** Pods that have ended since the last look, counted into the status. */
export function countEnded(job: Job, status: JobStatus, pods: readonly Pod[]): readonly Pod[] {
  const fresh = pods.filter((pod) => isTracked(pod) && (isSucceeded(pod) || hasFailed(job, pod)));
  const isIndexed = job.spec.completionMode === 'Indexed';
  const completed = new Set(parseIndexes(status.completedIndexes));
  for (const pod of fresh) {
    if (isSucceeded(pod)) {
      const index = completionIndex(pod);
      if (!isIndexed) {
        status.succeeded = (status.succeeded ?? 0) + 1;
      } else if (index !== null) {
        completed.add(index);
      }
    } else if (policyVerdict(job, pod)?.action !== 'Ignore') {
      status.failed = (status.failed ?? 0) + 1;
    }
  }
  if (isIndexed) {
    status.completedIndexes = indexText([...completed]);
    if (completed.size > 0) {
      status.succeeded = completed.size;
    }
    if (job.spec.backoffLimitPerIndex !== undefined) {
      status.failedIndexes = indexText(failedIndexes(job, pods, status));
    }
  }
  return fresh;
}

/** Whether a pod counts as failed. Unless the job waits for its end, one that is deleted does so at once. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status.phase === 'Failed') {
    return true;
  }
  const waitsForEnd = job.spec.podReplacementPolicy === 'Failed';
  return !waitsForEnd && pod.metadata.deletionTimestamp !== undefined && !isSucceeded(pod);
}

/** Why the job has failed or is about to; null where it is not. `msToDeadline`: null where it has none now. */
export function failureOf(
  job: Job,
  status: JobStatus,
  pods: readonly Pod[],
  counted: readonly Pod[],
  msToDeadline: number | null,
): Outcome | null {
  const target = status.conditions?.find((one) => one.type === 'FailureTarget' && one.status === 'True');
  if (target !== undefined) {
    return { reason: target.reason ?? '', message: target.message ?? '' };
  }
  if (hasCondition(status.conditions, 'SuccessCriteriaMet')) {
    return null;
  }
  const { spec } = job;
  for (const pod of counted.filter((one) => hasFailed(job, one))) {
    const verdict = policyVerdict(job, pod);
    if (verdict?.action === 'FailJob') {
      return { reason: 'PodFailurePolicy', message: verdict.message };
    }
  }
  const failedSlots = parseIndexes(status.failedIndexes);
  if (spec.maxFailedIndexes !== undefined && failedSlots.length > spec.maxFailedIndexes) {
    return {
      reason: 'MaxFailedIndexesExceeded',
      message: 'Job has exceeded the specified maximal number of failed indexes',
    };
  }
  const doneSlots = parseIndexes(status.completedIndexes).length + failedSlots.length;
  if (failedSlots.length > 0 && doneSlots >= (spec.completions ?? 0)) {
    return { reason: 'FailedIndexes', message: 'Job has failed indexes' };
  }
  const limit = spec.backoffLimit ?? 6;
  const restarts = restartsOf(job, pods);
  if ((status.failed ?? 0) > limit || (restarts > 0 && restarts >= Math.max(limit, 1))) {
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  if (msToDeadline !== null && msToDeadline <= 0) {
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  }
  return null;
}

/** How often containers were started again where the kubelet does that instead of the controller. */
function restartsOf(job: Job, pods: readonly Pod[]): number {
  if (job.spec.template.spec.restartPolicy !== 'OnFailure') {
    return 0;
  }
  return pods
    .filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}
