import { type ResourceType, apiVersionOf, pods } from '../objects/resources.ts';
import type { KubeObject } from '../objects/types.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { isRecord, textOf } from '../objects/json.ts';
import { decode } from './decode.ts';
import { parseBody } from './requestBody.ts';
import { applyConfiguration, jsonPatch, mergePatch, patchTypes, strategicMergePatch } from './patch.ts';
import type { DeleteOptions } from './registry.ts';
import {
  ApiError,
  badRequest,
  expired,
  methodNotAllowed,
  notFound,
  tooManyRequests,
  unsupportedMedia,
} from './status.ts';
import { parseVersion, selection } from './watch.ts';

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

function success(details?: object): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? { code: 201 } : { details }),
  };
}

interface Continue {
  readonly version: number;
  /** Key of the last object that was handed out. */
  readonly after: string;
}

function list(context: ApiContext, request: ApiRequest, type: ResourceType): object {
  const { store } = context;
  const { query, namespace } = request.info;
  const matches = selection(request, type);
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue') ?? '';
  const from = token === '' ? null : parseContinue(token);
  const wanted = parseVersion(query.get('resourceVersion') ?? '');
  if (wanted > store.version) {
    throw new ApiError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${store.version}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  }
  const isExact = query.get('resourceVersionMatch') === 'Exact';
  const version = from?.version ?? (isExact ? wanted : store.version);
  const all = store.listAt(type, namespaceOf(type, namespace), version);
  if (all === null) {
    throw from === null
      ? expired(`The resourceVersion for the provided list is too old.`)
      : expired(
          'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        );
  }
  const key = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const found = all.filter(matches).filter((object) => from === null || key(object) > from.after);
  const page = limit > 0 ? found.slice(0, limit) : found;
  const last = page.at(-1);
  const remaining = found.length - page.length;
  const isFiltered = query.has('labelSelector') || query.has('fieldSelector');
  return {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(version),
      ...(remaining > 0 && last !== undefined ? { continue: continueText({ version, after: key(last) }) } : {}),
      ...(remaining > 0 && !isFiltered ? { remainingItemCount: remaining } : {}),
    },
    items: type.model === null ? page : page.map(withoutKind),
  };
}

/** The items of a list of a built-in kind do not repeat their kind. */
function withoutKind(object: KubeObject): object {
  return Object.fromEntries(Object.entries(object).filter(([field]) => field !== 'apiVersion' && field !== 'kind'));
}

function continueText({ version, after }: Continue): string {
  const token = { v: 'meta.k8s.io/v1', rv: version, start: `${after}\0` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function parseContinue(token: string): Continue {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (isRecord(parsed) && typeof parsed['rv'] === 'number' && typeof parsed['start'] === 'string') {
      return { version: parsed['rv'], after: parsed['start'].replace(/\0$/u, '') };
    }
  } catch {
    // Falls through: the token is not one of ours.
  }
  throw badRequest('continue key is not valid: illegal base64 data');
}

function create(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
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

function update(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
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

function patch(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
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

function remove(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { info } = request;
  const { options, isDry } = deleteOptions(request);
  const namespace = namespaceOf(type, info.namespace);
  const deleted = context.registry.delete(type, namespace, info.name, options, isDry);
  const returnsObject = !deleted.isGone || type.kind === 'Pod';
  const { uid, name } = deleted.object.metadata;
  const isAccepted = !deleted.isGone && options.orphanDependents === false;
  return {
    code: isAccepted ? 202 : 200,
    body: returnsObject
      ? deleted.object
      : success({ name, ...(type.group === '' ? {} : { group: type.group }), kind: type.plural, uid }),
  };
}

function removeAll(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
  const { options, isDry } = deleteOptions(request);
  const namespace = namespaceOf(type, request.info.namespace);
  const matching = context.store.list(type, namespace).filter(selection(request, type));
  const items = matching.map(
    ({ metadata }) => context.registry.delete(type, metadata.namespace ?? '', metadata.name, options, isDry).object,
  );
  return {
    code: 200,
    body: {
      kind: `${type.kind}List`,
      apiVersion: apiVersionOf(type),
      metadata: { resourceVersion: String(context.store.version) },
      items,
    },
  };
}

/** The query is looked at only where there is no body: the server's own trap. */
function deleteOptions(request: ApiRequest): { options: DeleteOptions; isDry: boolean } {
  const { query } = request.info;
  if (request.body.length > 0) {
    const body = parseBody(request);
    if (!isRecord(body)) {
      throw badRequest(
        "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct",
      );
    }
    checkPolicy(body['propagationPolicy'], body['orphanDependents']);
    return { options: body, isDry: Array.isArray(body['dryRun']) && body['dryRun'].includes('All') };
  }
  const policy = query.get('propagationPolicy');
  const grace = query.get('gracePeriodSeconds');
  checkPolicy(policy ?? undefined, query.get('orphanDependents') ?? undefined);
  return {
    options: {
      ...(policy === null ? {} : { propagationPolicy: policy }),
      ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
      ...(query.has('orphanDependents') ? { orphanDependents: query.get('orphanDependents') === 'true' } : {}),
    },
    isDry: isDryRun(query),
  };
}

function checkPolicy(policy: unknown, orphan: unknown): void {
  const refuse = (field: string, message: string): never => {
    throw new ApiError(422, 'Invalid', `DeleteOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
      group: 'meta.k8s.io',
      kind: 'DeleteOptions',
      causes: [{ reason: 'FieldValueInvalid', message, field }],
    });
  };
  if (policy !== undefined && orphan !== undefined) {
    refuse(
      'propagationPolicy',
      `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`,
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(textOf(policy))) {
    refuse(
      'propagationPolicy',
      `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  }
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

function isDryRun(query: URLSearchParams): boolean {
  const given = query.getAll('dryRun');
  const wrong = given.find((value) => value !== 'All');
  if (wrong !== undefined) {
    throw new ApiError(
      422,
      'Invalid',
      `CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ${JSON.stringify(given)}: supported values: "All"`,
      { group: 'meta.k8s.io', kind: 'CreateOptions' },
    );
  }
  return given.length > 0;
}

function partOf(subresource: string): 'main' | 'status' {
  return subresource === 'status' ? 'status' : 'main';
}

function namespaceOf(type: ResourceType, namespace: string): string {
  return type.namespaced ? namespace : '';
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
