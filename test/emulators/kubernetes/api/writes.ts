import type { ResourceType } from '../objects/resources.ts';
import type { KubeObject } from '../objects/types.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { decode } from './decode.ts';
import { applyConfiguration } from './applyConfiguration.ts';
import { jsonPatch } from './jsonPatch.ts';
import { isDryRun, namespaceOf, partOf } from './parameters.ts';
import { parseBody } from './requestBody.ts';
import { ApiError, badRequest, methodNotAllowed, unsupportedMedia } from './status.ts';
import { mergePatch, strategicMergePatch } from './mergePatch.ts';

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

export function create(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info } = request;
  if (info.name !== '') {
    throw methodNotAllowed();
  }
  const { object, warnings } = decodeRequest(request, type, parseBody(request));
  const given = object.metadata?.namespace;
  if (type.namespaced && given !== undefined && given !== '' && given !== info.namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  if (type.namespaced && info.namespace === '') {
    throw badRequest('an empty namespace may not be set during creation');
  }
  const created = context.registry.create(type, namespaceOf(type, info.namespace), object, isDryRun(info.query));
  return { code: 201, body: created, warnings };
}

export function update(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info } = request;
  const { object, warnings } = decodeRequest(request, type, parseBody(request));
  if (object.metadata?.name !== undefined && object.metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${info.name})`,
    );
  }
  const updated = context.registry.update(
    type,
    namespaceOf(type, info.namespace),
    info.name,
    () => object,
    partOf(info.subresource),
    isDryRun(info.query),
  );
  return { code: 200, body: updated, warnings };
}

export function patch(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info, incoming } = request;
  const media = (incoming.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const kind = patchTypes.find((known) => known === media);
  if (kind === undefined || (kind === 'application/strategic-merge-patch+json' && type.model === null)) {
    throw unsupportedMedia(patchTypes.filter((known) => type.model !== null || !known.includes('strategic')));
  }
  const body = parseBody(request);
  if (kind === 'application/apply-patch+yaml') {
    return apply(context, request, type, body);
  }
  const change = (current: KubeObject): unknown => {
    switch (kind) {
      case 'application/json-patch+json':
        return jsonPatch(current, body);
      case 'application/merge-patch+json':
        return mergePatch(current, body);
      case 'application/strategic-merge-patch+json':
        return strategicMergePatch(current, body);
    }
  };
  let warnings: readonly string[] = [];
  const updated = context.registry.update(
    type,
    namespaceOf(type, info.namespace),
    info.name,
    (current) => {
      const decoded = decodeRequest(request, type, change(current));
      ({ warnings } = decoded);
      return decoded.object;
    },
    partOf(info.subresource),
    isDryRun(info.query),
  );
  return { code: 200, body: updated, warnings };
}

function apply(context: ApiContext, request: ApiRequest, type: ResourceType, config: unknown): Answer {
  const { info } = request;
  const manager = info.query.get('fieldManager') ?? '';
  if (manager === '') {
    throw new ApiError(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      },
    );
  }
  const { object, warnings } = decodeRequest(request, type, config);
  const namespace = namespaceOf(type, info.namespace);
  const isDry = isDryRun(info.query);
  if (context.store.get(type, namespace, info.name) === undefined) {
    object.metadata = { ...object.metadata, name: info.name };
    const created = context.registry.create(type, namespace, object, isDry);
    context.registry.applied.set(created.metadata.uid, manager, config);
    return { code: 201, body: created, warnings };
  }
  const updated = context.registry.update(
    type,
    namespace,
    info.name,
    (current) => {
      const before = context.registry.applied.get(current.metadata.uid, manager);
      return applyConfiguration(current, before, object) as KubeObject;
    },
    partOf(info.subresource),
    isDry,
  );
  if (!isDry) {
    context.registry.applied.set(updated.metadata.uid, manager, config);
  }
  return { code: 200, body: updated, warnings };
}

function decodeRequest(
  { info }: ApiRequest,
  type: ResourceType,
  input: unknown,
): { readonly object: KubeObject; readonly warnings: readonly string[] } {
  const { object, unknownFields } = decode(type, input);
  const validation = info.query.get('fieldValidation') ?? 'Warn';
  if (unknownFields.length > 0 && validation === 'Strict') {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${unknownFields.join(', ')}`,
    );
  }
  return { object, warnings: validation === 'Ignore' ? [] : unknownFields };
}
