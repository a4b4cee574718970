import type { Container, Pod, PodSpec } from '../objects/types.ts';

/**
 * What the PodSecurity admission has against a pod in a namespace with these labels, in its words; null for nothing. The
 * checks of `baseline` and `restricted` that a job can meet.
 */
export function podSecurityViolation({ spec }: Pod, labels: Readonly<Record<string, string>>): string | null {
  const level = labels['pod-security.kubernetes.io/enforce'] ?? 'privileged';
  const version = labels['pod-security.kubernetes.io/enforce-version'] ?? 'latest';
  const checks =
    level === 'restricted' ? [...baseline(spec), ...restricted(spec)] : level === 'baseline' ? baseline(spec) : [];
  return checks.length === 0 ? null : `violates PodSecurity "${level}:${version}": ${checks.join(', ')}`;
}

function baseline(spec: PodSpec): string[] {
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  const paths = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  const privileged = named(spec, (context) => context['privileged'] === true);
  return [
    ...(host.length > 0 ? [`host namespaces (${host.map((field) => `${field}=true`).join(', ')})`] : []),
    ...(paths.length > 0 ? [`hostPath volumes (${plural(paths, 'volume')})`] : []),
    ...(privileged.length > 0
      ? [`privileged (${plural(privileged, 'container')} must not set securityContext.privileged=true)`]
      : []),
  ];
}

function restricted(spec: PodSpec): string[] {
  const ofPod = spec.securityContext ?? {};
  const escalating = named(spec, (context) => context['allowPrivilegeEscalation'] !== false);
  const capable = named(spec, (context) => !dropsAll(context['capabilities']));
  const asRoot = named(spec, (context) => (context['runAsNonRoot'] ?? ofPod['runAsNonRoot']) !== true);
  const open = named(spec, (context) => !isConfined(context['seccompProfile'] ?? ofPod['seccompProfile']));
  return [
    ...(escalating.length > 0
      ? [
          `allowPrivilegeEscalation != false (${plural(escalating, 'container')} must set securityContext.allowPrivilegeEscalation=false)`,
        ]
      : []),
    ...(capable.length > 0
      ? [
          `unrestricted capabilities (${plural(capable, 'container')} must set securityContext.capabilities.drop=["ALL"])`,
        ]
      : []),
    ...(asRoot.length > 0
      ? [`runAsNonRoot != true (pod or ${plural(asRoot, 'container')} must set securityContext.runAsNonRoot=true)`]
      : []),
    ...(open.length > 0
      ? [
          `seccompProfile (pod or ${plural(open, 'container')} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
        ]
      : []),
  ];
}

function named(spec: PodSpec, breaks: (context: Record<string, unknown>) => boolean): string[] {
  const all: Container[] = [...(spec.initContainers ?? []), ...spec.containers];
  return all.filter(({ securityContext }) => breaks(securityContext ?? {})).map(({ name }) => name);
}

function dropsAll(capabilities: unknown): boolean {
  return JSON.stringify(capabilities ?? {}).includes('"drop":["ALL"]');
}

function isConfined(profile: unknown): boolean {
  return /"type":"(?:RuntimeDefault|Localhost)"/u.test(JSON.stringify(profile ?? {}));
}

function plural(names: readonly string[], what: string): string {
  const list = names.map((name) => `"${name}"`).join(', ');
  return `${what}${names.length === 1 ? '' : 's'} ${list}`;
}
