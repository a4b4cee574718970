import { forbidden } from './status.ts';
import { podSecurityViolation } from './podSecurity.ts';
import { randomSuffix } from './randomSuffix.ts';
import { namespaces, pods, priorityClasses, serviceAccounts } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { Container, Pod, PodSpec, Toleration } from '../objects/types.ts';

/** The defaults of a pod's spec, which a job's template gets too. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    defaultContainer(container);
  }
}

function defaultContainer(container: Container): void {
  container.resources ??= {};
  const { limits, requests } = container.resources;
  if (limits !== undefined) {
    container.resources.requests = { ...limits, ...requests };
  }
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
}

function isLatest(image: string): boolean {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !image.includes('@') && (!name.includes(':') || name.endsWith(':latest'));
}

const nodeTroubles = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export function preparePod(pod: Pod, store: Store): void {
  const { spec } = pod;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  spec.serviceAccountName ??= 'default';
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) };
  const tolerations: Toleration[] = (spec.tolerations ??= []);
  for (const key of nodeTroubles) {
    const isTold = tolerations.some(
      (toleration) =>
        (toleration.key === key || (toleration.key ?? '') === '') &&
        (toleration.effect === undefined || toleration.effect === 'NoExecute'),
    );
    if (!isTold) {
      tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
    }
  }
  if (spec.priorityClassName === undefined) {
    const fallback = store.list(priorityClasses).find(({ globalDefault }) => globalDefault === true);
    if (fallback !== undefined) {
      spec.priorityClassName = fallback.metadata.name;
    }
  }
  const known =
    spec.priorityClassName === undefined ? undefined : store.get(priorityClasses, '', spec.priorityClassName);
  spec.priority ??= known?.value ?? 0;
  spec.preemptionPolicy ??= known?.preemptionPolicy ?? 'PreemptLowerPriority';
}

/** Throws 403 where the cluster's rules forbid the pod. */
export function admitPod(pod: Pod, store: Store): void {
  const { spec, metadata } = pod;
  const name = metadata.name;
  const account = spec.serviceAccountName ?? 'default';
  if (store.get(serviceAccounts, metadata.namespace ?? '', account) === undefined) {
    throw forbidden(
      pods,
      name,
      `error looking up service account ${metadata.namespace ?? ''}/${account}: serviceaccount "${account}" not found`,
    );
  }
  mountAccount(spec);
  if (spec.priorityClassName !== undefined && store.get(priorityClasses, '', spec.priorityClassName) === undefined) {
    throw forbidden(pods, name, `no PriorityClass with name ${spec.priorityClassName} was found`);
  }
  const labels = store.get(namespaces, '', metadata.namespace ?? '')?.metadata.labels ?? {};
  const violation = podSecurityViolation(pod, labels);
  if (violation !== null) {
    throw forbidden(pods, name, violation);
  }
}

/** What the admission of service accounts adds: a token, the authority's certificate and the namespace, as files. */
function mountAccount(spec: PodSpec): void {
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  if (spec.automountServiceAccountToken === false) {
    return;
  }
  const name = `kube-api-access-${randomSuffix()}`;
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ];
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources, defaultMode: 420 } }];
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const mounts = container.volumeMounts ?? [];
    if (!mounts.some((mount) => mount.mountPath === mountPath)) {
      container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    }
  }
}

function qosClass(spec: PodSpec): string {
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const amounts = all.map(({ resources }) => ({
    requests: resources?.requests ?? {},
    limits: resources?.limits ?? {},
  }));
  const isNothing = amounts.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => requests[name] === undefined && limits[name] === undefined),
  );
  if (isNothing) {
    return 'BestEffort';
  }
  const isFull = amounts.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && requests[name] === limits[name]),
  );
  return isFull ? 'Guaranteed' : 'Burstable';
}
