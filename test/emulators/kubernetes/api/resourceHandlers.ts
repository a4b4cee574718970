import { isRecord } from '../objects/json.ts';
import { type ResourceType, pods } from '../objects/resources.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { list } from './list.ts';
import { namespaceOf } from './parameters.ts';
import { remove, removeAll } from './removal.ts';
import { parseBody } from './requestBody.ts';
import { methodNotAllowed, notFound, success, tooManyRequests } from './status.ts';
import { create, patch, update } from './writes.ts';

/** Answers what is asked of one resource, except watches and streams. */
export function handleResource(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info } = request;
  const { verb, subresource, namespace, name } = info;
  if (subresource !== '' && subresource !== 'status') {
    return handleSubresource(context, request, type);
  }
  switch (verb) {
    case 'get':
      return { code: 200, body: context.registry.get(type, namespaceOf(type, namespace), name) };
    case 'list':
      return { code: 200, body: list(context, request, type) };
    case 'create':
      return create(context, request, type);
    case 'update':
      return update(context, request, type);
    case 'patch':
      return patch(context, request, type);
    case 'delete':
      return remove(context, request, type);
    case 'deletecollection':
      return removeAll(context, request, type);
    default:
      throw methodNotAllowed();
  }
}

function handleSubresource(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info } = request;
  if (type.kind === 'Pod' && info.subresource === 'eviction' && info.verb === 'create') {
    const pod = context.registry.get(pods, info.namespace, info.name);
    const body = parseBody(request);
    const given = isRecord(body) ? body['deleteOptions'] : undefined;
    if (context.registry.isEvictionBlocked(pod)) {
      throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10);
    }
    context.registry.disrupt(pod, 'EvictionByEvictionAPI', 'Eviction API: evicting');
    context.registry.delete(pods, info.namespace, info.name, given ?? {});
    return { code: 201, body: success() };
  }
  throw methodNotAllowed();
}

/** The type of a resource that is asked for; throws 404. */
export function findType(context: ApiContext, { info }: ApiRequest): ResourceType | undefined {
  return context.types.find(
    (type) => type.group === info.group && type.version === info.version && type.plural === info.resource,
  );
}

/** Throws the 404 of an object that a subresource is asked of. */
export function requirePod(context: ApiContext, { info }: ApiRequest): void {
  if (context.store.get(pods, info.namespace, info.name) === undefined) {
    throw notFound(pods, info.name);
  }
}
