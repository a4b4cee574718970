import type { ClusterClock } from '../clock.ts';
import type { Condition } from './types.ts';

export function hasCondition(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}

/** Adds a condition or changes the one of its type; the time of a change of status is kept. */
export function setCondition(conditions: Condition[], condition: Condition, clock: ClusterClock): void {
  const now = clock.seconds();
  const index = conditions.findIndex(({ type }) => type === condition.type);
  const current = conditions[index];
  const isSameStatus = current?.status === condition.status;
  const lastTransitionTime = isSameStatus ? (current?.lastTransitionTime ?? now) : now;
  const next = { ...condition, lastTransitionTime };
  if (index < 0) {
    conditions.push(next);
  } else {
    conditions[index] = next;
  }
}
