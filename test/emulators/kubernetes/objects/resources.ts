import type {
  ConfigMap,
  EventObject,
  Job,
  KubeObject,
  NodeObject,
  Pod,
  PriorityClass,
  ResourceQuota,
  Secret,
  Service,
} from './types.ts';

/** A kind of object the server knows, with what discovery tells of it. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Name of the generated model in the vendor's client that describes its fields; null for custom resources. */
  readonly model: string | null;
  readonly subresources: readonly Subresource[];
  /** Only carries the type. */
  readonly sample?: T;
}

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

const status = (kind: string): Subresource => ({ name: 'status', kind, verbs: ['get', 'patch', 'update'] });

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly cluster?: true;
  readonly shortNames?: readonly string[];
  readonly status?: true;
  readonly subresources?: readonly Subresource[];
}

function builtIn<T extends KubeObject>(group: string, version: string, definition: Definition): ResourceType<T> {
  const { kind, plural } = definition;
  const prefix = version.charAt(0).toUpperCase() + version.slice(1);
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: definition.cluster !== true,
    shortNames: definition.shortNames ?? [],
    model: group === '' && kind === 'Event' ? 'CoreV1Event' : `${prefix}${kind}`,
    subresources: [...(definition.status === true ? [status(kind)] : []), ...(definition.subresources ?? [])],
  };
}

/** A resource that a CustomResourceDefinition has brought. */
export function custom(group: string, version: string, definition: Definition): ResourceType {
  return { ...builtIn(group, version, definition), model: null };
}

export const namespaces = builtIn('', 'v1', {
  kind: 'Namespace',
  plural: 'namespaces',
  cluster: true,
  shortNames: ['ns'],
  status: true,
});
export const nodes = builtIn<NodeObject>('', 'v1', {
  kind: 'Node',
  plural: 'nodes',
  cluster: true,
  shortNames: ['no'],
  status: true,
});
export const pods = builtIn<Pod>('', 'v1', {
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  status: true,
  subresources: [
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    { name: 'eviction', kind: 'Eviction', verbs: ['create'] },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
  ],
});
export const secrets = builtIn<Secret>('', 'v1', { kind: 'Secret', plural: 'secrets' });
export const configMaps = builtIn<ConfigMap>('', 'v1', { kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] });
export const services = builtIn<Service>('', 'v1', {
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  status: true,
});
export const events = builtIn<EventObject>('', 'v1', { kind: 'Event', plural: 'events', shortNames: ['ev'] });
export const serviceAccounts = builtIn('', 'v1', {
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
});
export const resourceQuotas = builtIn<ResourceQuota>('', 'v1', {
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  status: true,
});
export const limitRanges = builtIn('', 'v1', { kind: 'LimitRange', plural: 'limitranges', shortNames: ['limits'] });
export const claims = builtIn('', 'v1', {
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  status: true,
});
export const jobs = builtIn<Job>('batch', 'v1', { kind: 'Job', plural: 'jobs', status: true });
export const priorityClasses = builtIn<PriorityClass>('scheduling.k8s.io', 'v1', {
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  cluster: true,
  shortNames: ['pc'],
});
const leases = builtIn('coordination.k8s.io', 'v1', { kind: 'Lease', plural: 'leases' });

export const jobSets = custom('jobset.x-k8s.io', 'v1alpha2', { kind: 'JobSet', plural: 'jobsets', status: true });
export const localQueues = custom('kueue.x-k8s.io', 'v1beta2', {
  kind: 'LocalQueue',
  plural: 'localqueues',
  shortNames: ['queue', 'queues', 'lq'],
  status: true,
});
export const clusterQueues = custom('kueue.x-k8s.io', 'v1beta2', {
  kind: 'ClusterQueue',
  plural: 'clusterqueues',
  cluster: true,
  shortNames: ['cq'],
  status: true,
});
export const workloads = custom('kueue.x-k8s.io', 'v1beta2', {
  kind: 'Workload',
  plural: 'workloads',
  shortNames: ['wl'],
  status: true,
});

export const builtInTypes: readonly ResourceType[] = [
  namespaces,
  nodes,
  pods,
  secrets,
  configMaps,
  services,
  events,
  serviceAccounts,
  resourceQuotas,
  limitRanges,
  claims,
  jobs,
  priorityClasses,
  leases,
];

export const jobSetTypes: readonly ResourceType[] = [jobSets];
export const kueueTypes: readonly ResourceType[] = [localQueues, clusterQueues, workloads];

export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** `jobs.batch`, `pods`: how error messages name a resource. */
export function qualified(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}
