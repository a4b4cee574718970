import { isRecord, textOf } from '../objects/json.ts';
import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { isDryRun, namespaceOf } from './parameters.ts';
import type { DeleteOptions } from './deletion.ts';
import { parseBody } from './requestBody.ts';
import { ApiError, badRequest, success } from './status.ts';
import { selection } from './watch.ts';

export function remove(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
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

export function removeAll(context: ApiContext, request: ApiRequest, type: ResourceType): Answer {
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
