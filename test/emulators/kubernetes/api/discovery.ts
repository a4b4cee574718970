import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import { noSuchPath } from './status.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What `/version`, `/api`, `/apis` and what is below them say; undefined for another path. */
export function discovery(path: string, types: readonly ResourceType[], address: string, version: string): unknown {
  const [root, group, groupVersion, ...rest] = path.split('/').filter((part) => part !== '');
  switch (root) {
    case 'version':
      return versionInfo(version);
    case 'healthz':
    case 'livez':
    case 'readyz':
      return 'ok';
    case 'api':
      if (group === undefined) {
        return {
          kind: 'APIVersions',
          versions: ['v1'],
          serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
        };
      }
      return group === 'v1' && groupVersion === undefined ? resourceList(types, '', 'v1') : undefined;
    case 'apis':
      if (group === undefined) {
        return {
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups: groupNames(types).map((name) => apiGroup(types, name)),
        };
      }
      if (rest.length > 0 || !groupNames(types).includes(group)) {
        throw noSuchPath();
      }
      return groupVersion === undefined
        ? { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(types, group) }
        : resourceList(types, group, groupVersion);
    default:
      return undefined;
  }
}

function versionInfo(version: string): object {
  const [major = '1', minor = '34'] = version.replace(/^v/u, '').split('.');
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: version,
    gitCommit: '0000000000000000000000000000000000000000',
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: 'go1.24.6',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

/** Groups that have no stored objects but are served. */
const reviewGroups = [
  {
    group: 'authorization.k8s.io',
    kinds: ['SelfSubjectAccessReview', 'SelfSubjectRulesReview'],
  },
  { group: 'authentication.k8s.io', kinds: ['SelfSubjectReview'] },
];

function groupNames(types: readonly ResourceType[]): string[] {
  const stored = types.map(({ group }) => group).filter((group) => group !== '');
  return [...new Set([...reviewGroups.map(({ group }) => group), ...stored])];
}

function apiGroup(types: readonly ResourceType[], name: string): object {
  const found = types.filter(({ group }) => group === name).map(({ version }) => version);
  const versions = [...new Set(found.length === 0 ? ['v1'] : found)].map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(types: readonly ResourceType[], group: string, version: string): object {
  const found = types.filter((type) => type.group === group && type.version === version);
  const reviews = version === 'v1' ? (reviewGroups.find((review) => review.group === group)?.kinds ?? []) : [];
  if (found.length === 0 && reviews.length === 0) {
    throw noSuchPath();
  }
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: [
      ...reviews.map((kind) => ({
        name: `${kind.toLowerCase()}s`,
        singularName: kind.toLowerCase(),
        namespaced: false,
        kind,
        verbs: ['create'],
      })),
      ...found.flatMap((type) => [
        {
          name: type.plural,
          singularName: type.singular,
          namespaced: type.namespaced,
          kind: type.kind,
          verbs,
          ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
          ...(['pods', 'services', 'jobs'].includes(type.plural) ? { categories: ['all'] } : {}),
          storageVersionHash: Buffer.from(`${apiVersionOf(type)}${type.kind}`)
            .toString('base64')
            .slice(0, 12),
        },
        ...type.subresources.map(({ name, kind, verbs: own }) => ({
          name: `${type.plural}/${name}`,
          singularName: '',
          namespaced: type.namespaced,
          kind,
          ...(kind === 'Eviction' ? { group: 'policy', version: 'v1' } : {}),
          verbs: own,
        })),
      ]),
    ],
  };
}
