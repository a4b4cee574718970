import type { ServerResponse } from 'node:http';
import { type ResourceType, apiVersionOf } from '../objects/resources.ts';
import { type Matches, SelectorError, parseFieldSelector, parseLabelSelector } from '../objects/selectors.ts';
import type { Change } from '../objects/store.ts';
import type { KubeObject } from '../objects/types.ts';
import type { ApiContext, ApiRequest } from './context.ts';
import { type Representation, represent } from './representation.ts';
import { ApiError, badRequest, expired } from './status.ts';

/** The watches that are open, so that a test can end them. */
export class Watches {
  readonly #open = new Map<ServerResponse, ResourceType>();

  add(response: ServerResponse, type: ResourceType): void {
    this.#open.set(response, type);
    response.once('close', () => this.#open.delete(response));
  }

  count(plural?: string): number {
    return [...this.#open.values()].filter((type) => plural === undefined || type.plural === plural).length;
  }

  /** Cuts the connections of all watches, or of those of one resource. */
  cut(plural?: string): void {
    for (const [response, type] of this.#open) {
      if (plural === undefined || type.plural === plural) {
        response.socket?.destroy();
      }
    }
  }

  /** Ends them as a server does that reached its `timeoutSeconds`. */
  end(plural?: string): void {
    for (const [response, type] of this.#open) {
      if (plural === undefined || type.plural === plural) {
        response.end();
      }
    }
  }
}

/** Whether an object is one that a list or watch asks for. */
export function selection({ info }: ApiRequest, type: ResourceType): Matches {
  try {
    const labels = parseLabelSelector(info.query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(info.query.get('fieldSelector') ?? '', type.kind, apiVersionOf(type));
    return (object) =>
      (info.namespace === '' || type.kind === 'Namespace' || object.metadata.namespace === info.namespace) &&
      (info.name === '' || object.metadata.name === info.name) &&
      labels(object) &&
      fields(object);
  } catch (error) {
    if (error instanceof SelectorError) {
      throw badRequest(error.message);
    }
    throw error;
  }
}

/** Answers a watch: one JSON object with a line feed for each event, until the time is over or the client goes. */
export function serveWatch(
  context: ApiContext,
  request: ApiRequest,
  type: ResourceType,
  response: ServerResponse,
  representation: Representation,
): void {
  const { store, timing, watches } = context;
  const { query } = request.info;
  const matches = selection(request, type);
  const versionText = query.get('resourceVersion') ?? '';
  const sendsInitial = query.get('sendInitialEvents') === 'true';
  const hasBookmarks = ['true', '1'].includes(query.get('allowWatchBookmarks') ?? '');
  checkInitialEvents(query, sendsInitial);
  const version = parseVersion(versionText);
  const send = (event: object): void => {
    if (!response.writableEnded && !response.destroyed) {
      response.write(`${JSON.stringify(represent(event, representation))}\n`);
    }
  };
  const bookmark = (annotations?: Record<string, string>): void =>
    send({
      type: 'BOOKMARK',
      object: {
        kind: type.kind,
        apiVersion: apiVersionOf(type),
        metadata: {
          resourceVersion: String(Math.max(store.version, version)),
          creationTimestamp: null,
          ...(annotations === undefined ? {} : { annotations }),
        },
        ...emptyBody(type),
      },
    });
  response.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'application/json' });
  response.flushHeaders();
  watches.add(response, type);

  const isFresh = version === 0 || sendsInitial;
  const missed = isFresh ? [] : store.since(version);
  if (missed === null) {
    send({ type: 'ERROR', object: expired(`too old resource version: ${version} (${store.version})`).body });
    response.end();
    return;
  }
  if (isFresh && query.get('sendInitialEvents') !== 'false') {
    for (const object of store.list(type).filter(matches)) {
      send({ type: 'ADDED', object });
    }
    if (sendsInitial) {
      bookmark({ 'k8s.io/initial-events-end': 'true' });
    }
  }
  const forward = (change: Change): void => {
    if (change.type.plural === type.plural && change.type.group === type.group && change.version > version) {
      const event = eventOf(change, matches);
      if (event !== null) {
        send(event);
      }
    }
  };
  missed.forEach(forward);
  const stop = store.onChange(forward);
  const timers: NodeJS.Timeout[] = [];
  if (hasBookmarks) {
    timers.push(setInterval(bookmark, timing.bookmark));
  }
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  timers.push(
    setTimeout(
      () => {
        if (hasBookmarks) {
          bookmark();
        }
        response.end();
      },
      (seconds > 0 ? seconds : 1800) * 1000,
    ),
  );
  response.once('close', () => {
    stop();
    timers.forEach((timer) => clearTimeout(timer));
  });
}

/** A change as it looks to somebody who sees only what matches. */
function eventOf({ action, object, before }: Change, matches: Matches): object | null {
  const isIn = action !== 'DELETED' && matches(object);
  const wasIn = before !== undefined && matches(before);
  if (isIn) {
    return { type: wasIn ? 'MODIFIED' : 'ADDED', object };
  }
  if (!wasIn) {
    return null;
  }
  const metadata = { ...before.metadata, resourceVersion: object.metadata.resourceVersion };
  return { type: 'DELETED', object: action === 'DELETED' ? object : ({ ...before, metadata } satisfies KubeObject) };
}

export function parseVersion(text: string): number {
  if (text !== '' && !/^\d+$/u.test(text)) {
    throw badRequest(`invalid resource version "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  }
  return Number(text);
}

function checkInitialEvents(query: URLSearchParams, sendsInitial: boolean): void {
  const match = query.get('resourceVersionMatch');
  const refuse = (field: string, why: string): never => {
    throw new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${field}: Forbidden: ${why}`, {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: [{ reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }],
    });
  };
  if (query.has('sendInitialEvents') && match !== 'NotOlderThan') {
    refuse('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (!query.has('sendInitialEvents') && match !== null) {
    refuse('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (sendsInitial && !['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')) {
    refuse('allowWatchBookmarks', 'sendInitialEvents requires setting allowWatchBookmarks to true');
  }
}

/** What a bookmark of a built-in kind carries beside its metadata: the fields that Go writes even when they are empty. */
function emptyBody(type: ResourceType): object {
  switch (type.kind) {
    case 'Pod':
      return { spec: { containers: null }, status: {} };
    case 'Job':
      return {
        spec: { template: { metadata: { creationTimestamp: null }, spec: { containers: null } } },
        status: {},
      };
    default:
      return type.model === null ? {} : { spec: {}, status: {} };
  }
}
