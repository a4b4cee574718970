import { isRecord } from '../objects/json.ts';
import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import type { KubeObject } from '../objects/types.ts';
import type { ApiContext, ApiRequest } from './context.ts';
import { namespaceOf } from './parameters.ts';
import { ApiError, badRequest, expired } from './status.ts';
import { parseVersion, selection } from './watch.ts';

interface Continue {
  readonly version: number;
  /** Key of the last object that was handed out. */
  readonly after: string;
}

/** A list of one moment, or a page of it. */
export function list(context: ApiContext, request: ApiRequest, type: ResourceType): object {
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
