/** What a request is about: the part of a real API server that is called RequestInfo. */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly path: string;
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

const namespaceSubresources = new Set(['status', 'finalize']);

export function requestInfo(method: string, url: URL): RequestInfo {
  const path = url.pathname;
  const query = url.searchParams;
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  const nothing = { path, query, group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const [group, version, tail] =
    root === 'api' ? ['', rest[0], rest.slice(1)] : [rest[0] ?? '', rest[1], rest.slice(2)];
  if ((root !== 'api' && root !== 'apis') || version === undefined || tail.length === 0) {
    return { ...nothing, isResource: false, verb: verbOf(method, false, true) };
  }
  const inNamespace = tail[0] === 'namespaces' && tail.length > 2 && !namespaceSubresources.has(tail[2] ?? '');
  const namespace = inNamespace ? (tail[1] ?? '') : '';
  const [resource = '', name = '', ...subresource] = inNamespace ? tail.slice(2) : tail;
  const isWatch = ['1', 'true'].includes(query.get('watch') ?? '');
  return {
    ...nothing,
    isResource: true,
    verb: verbOf(method, isWatch, name !== ''),
    group,
    version,
    resource,
    subresource: subresource.join('/'),
    namespace: resource === 'namespaces' && name !== '' ? name : namespace,
    name,
  };
}

function verbOf(method: string, isWatch: boolean, isNamed: boolean): Verb {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isNamed ? 'delete' : 'deletecollection';
    default:
      return isWatch ? 'watch' : isNamed ? 'get' : 'list';
  }
}
