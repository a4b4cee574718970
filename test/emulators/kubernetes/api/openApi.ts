import type { ResourceType } from '../objects/resources.ts';

/**
 * `/openapi/v3` and what it points to: as much as clients look for before they leave the checking of fields to the server,
 * which is the parameter `fieldValidation` of each kind's patch. Schemas are not in it. Undefined for another path.
 */
export function openApi(path: string, types: readonly ResourceType[]): unknown {
  const groups = new Map(types.map((type) => [groupPath(type), type]));
  if (path === '/openapi/v3') {
    const paths = [...groups.keys()].map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const wanted = /^\/openapi\/v3\/(?<name>.+)$/u.exec(path)?.groups?.['name'];
  if (wanted === undefined || !groups.has(wanted)) {
    return undefined;
  }
  const own = types.filter((type) => groupPath(type) === wanted);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.9' },
    paths: Object.fromEntries(own.map((type) => [`/${wanted}/${objectPath(type)}`, { patch: patchOperation(type) }])),
  };
}

function groupPath({ group, version }: ResourceType): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function objectPath({ namespaced, plural }: ResourceType): string {
  return namespaced ? `namespaces/{namespace}/${plural}/{name}` : `${plural}/{name}`;
}

function patchOperation({ group, version, kind }: ResourceType): object {
  return {
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
      name,
      in: 'query',
      schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
    })),
    responses: { 200: { description: 'OK' } },
  };
}
