/** Paths of the API, see https://kubernetes.io/docs/reference/kubernetes-api/. Names are DNS labels and need no escaping. */
export interface Resource {
  /** `/api/v1` or `/apis/<group>/<version>`. */
  readonly base: string;
  readonly plural: string;
}

export const resource = {
  jobs: { base: '/apis/batch/v1', plural: 'jobs' },
  pods: { base: '/api/v1', plural: 'pods' },
  secrets: { base: '/api/v1', plural: 'secrets' },
  services: { base: '/api/v1', plural: 'services' },
  events: { base: '/api/v1', plural: 'events' },
  resourceQuotas: { base: '/api/v1', plural: 'resourcequotas' },
  serviceAccounts: { base: '/api/v1', plural: 'serviceaccounts' },
  jobSets: { base: '/apis/jobset.x-k8s.io/v1alpha2', plural: 'jobsets' },
} as const satisfies Record<string, Resource>;

export function collection({ base, plural }: Resource, namespace: string): string {
  return `${base}/namespaces/${namespace}/${plural}`;
}

export function object(of: Resource, namespace: string, name: string): string {
  return `${collection(of, namespace)}/${name}`;
}
