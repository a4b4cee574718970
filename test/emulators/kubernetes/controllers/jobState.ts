import { hasCondition } from '../objects/conditions.ts';
import type { Job, Pod } from '../objects/types.ts';

/** Keeps a pod until its job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export function isFinished({ status }: Job): boolean {
  return hasCondition(status.conditions, 'Complete') || hasCondition(status.conditions, 'Failed');
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) === true;
}

export function isSucceeded({ status }: Pod): boolean {
  return status.phase === 'Succeeded';
}

export function isOver({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed';
}
