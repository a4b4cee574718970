import type { Container, Pod } from '../objects/types.ts';
import type { Sandbox } from '../../containers/sandbox.ts';

/** What a container's own security context, or else its pod's, says. */
function setting(pod: Pod, container: Container, field: string): unknown {
  return container.securityContext?.[field] ?? pod.spec.securityContext?.[field];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** The ids a container runs with; null where it says nothing of them: every image here runs as root then. */
export function userOf(pod: Pod, container: Container): Sandbox['user'] {
  const uid = numberOf(setting(pod, container, 'runAsUser'));
  const gid = numberOf(setting(pod, container, 'runAsGroup'));
  const fsGroup = numberOf(pod.spec.securityContext?.['fsGroup']);
  const isRoot = (uid ?? 0) === 0 && (gid ?? 0) === 0;
  return isRoot ? null : { uid: uid ?? 0, gid: gid ?? 0, groups: fsGroup === null ? [] : [fsGroup] };
}

/** Why the kubelet does not start a container that may not run as root; null where it may. */
export function rootViolation(pod: Pod, container: Container): string | null {
  const { metadata } = pod;
  const name = `(pod: "${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid})", container: ${container.name})`;
  const uid = numberOf(setting(pod, container, 'runAsUser'));
  if (setting(pod, container, 'runAsNonRoot') !== true || (uid ?? 0) > 0) {
    return null;
  }
  return uid === 0
    ? `container's runAsUser breaks non-root policy ${name}`
    : `container has runAsNonRoot and image will run as root ${name}`;
}
