import { type Condition, holds } from '../model/meta.ts';
import type { Workload } from '../model/kueue.ts';

export interface KueueWait {
  readonly explanation: string;
  /** Kueue's own words. */
  readonly reason: string | null;
}

/** Why Kueue has not let a job start; see https://kueue.sigs.k8s.io/docs/concepts/workload/. */
export function explainKueue(workload: Workload | undefined, queue: string): KueueWait {
  const conditions = workload?.status.conditions ?? [];
  const evicted = holds(conditions, 'Evicted');
  if (workload === undefined) {
    return { explanation: `It waits for Kueue to take it into the queue ${queue}`, reason: null };
  }
  if (evicted !== undefined && holds(conditions, 'Admitted') === undefined) {
    return {
      explanation: `Kueue took its place away and queued it again: ${evictionWord(evicted.reason)}`,
      reason: words(evicted),
    };
  }
  const reserved = conditions.find(({ type }) => type === 'QuotaReserved');
  if (reserved?.status === 'True') {
    const check = conditions.find(({ type, status }) => type === 'Admitted' && status !== 'True');
    return {
      explanation: 'Kueue has a place for it and is checking it before it starts',
      reason: check === undefined ? null : words(check),
    };
  }
  return {
    explanation: `${pendingSentence(reserved?.reason)} (queue ${queue})`,
    reason: reserved === undefined ? null : words(reserved),
  };
}

function pendingSentence(reason: string | undefined): string {
  switch (reason) {
    case 'ExceedsMaxQuota':
      return 'It asks for more than its Kueue queue will ever have';
    case 'NoMatchingFlavor':
      return 'Its Kueue queue has no nodes of the kind that it asks for';
    case 'Misconfigured':
    case 'Inadmissible':
      return 'Its Kueue queue does not take it as it is';
    case 'WaitingForPreemptedWorkloads':
      return 'It waits for jobs that make room for it';
    case 'TopologyPlacementFailed':
      return 'No group of nodes close enough to each other is free';
    case 'Suspended':
      return 'Its Kueue queue is stopped';
    case undefined:
    default:
      return 'It waits for room in its Kueue queue';
  }
}

function evictionWord(reason: string | undefined): string {
  switch (reason) {
    case 'Preempted':
      return 'a job of higher priority needed it';
    case 'PodsReadyTimeout':
      return 'its pods did not start in time';
    case 'NodeFailures':
      return 'a node failed';
    case 'Deactivated':
    case 'InactiveWorkload':
      return 'it was deactivated';
    case undefined:
    default:
      return 'see below';
  }
}

function words({ reason, message }: Condition): string {
  return [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
}
