import type { Job, Pod, PodFailurePolicyRule } from '../objects/types.ts';

export interface PolicyVerdict {
  readonly action: string;
  readonly message: string;
}

/** What the first rule that matches a failed pod says; null where none does. */
export function policyVerdict(job: Job, pod: Pod): PolicyVerdict | null {
  const rules = job.spec.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const why = whyMatching(rule, pod);
    if (why !== null) {
      return { action: rule.action, message: `${why} matching ${rule.action} rule at index ${index}` };
    }
  }
  return null;
}

function whyMatching({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | null {
  const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  if (onExitCodes !== undefined) {
    const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])];
    const found = statuses.find(({ name: container, state }) => {
      const code = state.terminated?.exitCode;
      const isMeant = onExitCodes.containerName === undefined || onExitCodes.containerName === container;
      return (
        isMeant &&
        code !== undefined &&
        code !== 0 &&
        onExitCodes.values.includes(code) === (onExitCodes.operator === 'In')
      );
    });
    return found === undefined
      ? null
      : `Container ${found.name} for pod ${name} failed with exit code ${found.state.terminated?.exitCode ?? 0}`;
  }
  const met = (onPodConditions ?? []).find(({ type, status = 'True' }) =>
    pod.status.conditions?.some((condition) => condition.type === type && condition.status === status),
  );
  return met === undefined ? null : `Pod ${name} has condition ${met.type}`;
}
