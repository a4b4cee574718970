import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { closed, listenLocally } from '../wire/listening.ts';
import { Misfortune } from '../wire/misfortune.ts';
import { authenticate, authorize, checkVersion, findWorkspace } from './access.ts';
import { ArmError, refusal } from './armError.ts';
import type { FaultPlan, RequestInfo } from './faults.ts';
import { historyRoutes } from './history/historyRoutes.ts';
import { registryRoutes } from './history/registryRoutes.ts';
import type { AzAnswer } from './identity/azScript.ts';
import { jobRoutes } from './jobs/jobRoutes.ts';
import { assetRoutes } from './resources/assets.ts';
import { computeRoutes } from './resources/computes.ts';
import { subscriptionRoutes } from './resources/subscriptions.ts';
import { workspaceRoutes } from './resources/workspaces.ts';
import { type Reply, type Route, fieldsOf } from './route.ts';
import type { StorageProxy } from './storage/storageProxy.ts';
import type { Workspace, World } from './world.ts';

const dataPlaneRoutes: readonly Route[] = [...historyRoutes, ...registryRoutes];
const armRoutes: readonly Route[] = [
  ...subscriptionRoutes,
  ...workspaceRoutes,
  ...computeRoutes,
  ...assetRoutes,
  ...jobRoutes,
];

const armAudiences = ['https://management.'];
const dataPlaneAudiences = [...armAudiences, 'https://ml.azure'];

interface ServerParts {
  readonly world: World;
  readonly faults: FaultPlan;
  readonly proxy: StorageProxy;
  /** What the program `az` is answered with. */
  readonly answerAz: (asked: Readonly<Record<string, unknown>>) => AzAnswer;
  readonly azSecret: string;
}

/** All of Azure that there is, at one address: Resource Manager, the data plane of Azure ML, and storage. */
export class AzureServer {
  readonly #parts: ServerParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Requests that Resource Manager still takes from this subscription, as its headers say. */
  #remaining = { reads: 11_999, writes: 1199 };

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#server = createServer({ keepAliveTimeout: 90_000 }, (incoming, response) => {
      void this.#answer(incoming, response);
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Returns the port of 127.0.0.1. */
  async listen(port = 0): Promise<number> {
    return listenLocally(this.#server, port);
  }

  /** Cuts every connection; new ones are taken. */
  cutAll(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  async close(): Promise<void> {
    const ended = closed(this.#server);
    this.cutAll();
    await ended;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const url = new URL(incoming.url ?? '/', 'http://azure');
    const { method = 'GET', headers } = incoming;
    const info: RequestInfo = { method, path: url.pathname, query: url.searchParams, headers, at: Date.now() };
    if (url.pathname.startsWith('/az/')) {
      await this.#az(incoming, response);
      return;
    }
    const misfortune = new Misfortune(this.#parts.faults.take(info), incoming, response);
    try {
      if (!(await misfortune.before())) {
        return;
      }
      const body = await buffer(incoming);
      if (url.pathname.startsWith(`/${this.#parts.world.storage.account}/`)) {
        const reply = await misfortune.doing(async () => this.#parts.proxy.answer(incoming, body));
        if (await misfortune.after()) {
          response.writeHead(reply.status, reply.headers);
          response.end(reply.body);
        }
        return;
      }
      const reply = await misfortune.doing(async () => this.#handle(info, body));
      if (await misfortune.after()) {
        this.#send(response, info, reply);
      }
    } catch (error) {
      if (response.headersSent || response.destroyed) {
        response.socket?.destroy();
      } else {
        this.#refuse(response, info, error);
      }
    }
  }

  async #handle(info: RequestInfo, bytes: Buffer): Promise<Reply> {
    const { world } = this.#parts;
    if (info.path === '/discovery') {
      return {
        code: 200,
        body: { api: world.url, catalog: world.url, modelmanagement: world.url, studio: 'https://ml.azure.com' },
      };
    }
    const isDataPlane = /^\/(?:history|artifact|registrymanagement|mferp)\//u.test(info.path);
    const person = authenticate(world, info, isDataPlane ? dataPlaneAudiences : armAudiences);
    if (!isDataPlane) {
      checkVersion(info);
    }
    const found = match(isDataPlane ? dataPlaneRoutes : armRoutes, info);
    const workspace = findWorkspace(world, found?.params ?? {});
    authorize(world, person, info);
    if (found === null) {
      throw isDataPlane
        ? refusal(404, 'UserError', 'Not found')
        : refusal(404, 'InvalidResourceType', `The resource type could not be found for the path '${info.path}'.`);
    }
    return found.route.handle({
      world,
      info,
      person,
      body: parse(bytes),
      param: (name) => found.params[name] ?? '',
      // Only routes below a workspace look at it.
      workspace: workspace as Workspace,
    });
  }

  #send(response: ServerResponse, info: RequestInfo, { code, body, headers = {} }: Reply): void {
    const text = body === undefined ? '' : JSON.stringify(body);
    response.writeHead(code, {
      ...this.#usualHeaders(info),
      ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  }

  #refuse(response: ServerResponse, info: RequestInfo, error: unknown): void {
    const refused =
      error instanceof ArmError
        ? error
        : refusal(500, 'InternalServerError', error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.#send(response, info, { code: refused.status, body: refused.body, headers: refused.headers });
  }

  #usualHeaders({ method, path }: RequestInfo): Record<string, string> {
    const id = randomUUID();
    const isRead = method === 'GET' || method === 'HEAD';
    const kind = isRead ? 'reads' : 'writes';
    this.#remaining[kind] = Math.max(0, this.#remaining[kind] - 1);
    return {
      date: new Date(Date.now() + this.#parts.world.clockSkewMs).toUTCString(),
      'cache-control': 'no-cache',
      'x-ms-request-id': id,
      'x-ms-correlation-request-id': id,
      ...(path.startsWith('/subscriptions')
        ? { [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(this.#remaining[kind]) }
        : {}),
    };
  }

  /** Only the script that was written for it may ask. */
  async #az(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = fieldsOf(parse(await buffer(incoming)));
    if (incoming.headers['x-az-secret'] !== this.#parts.azSecret) {
      response.writeHead(403).end('{}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(this.#parts.answerAz(asked)));
  }
}

function match(
  routes: readonly Route[],
  { method, path }: RequestInfo,
): { readonly route: Route; readonly params: Readonly<Record<string, string>> } | null {
  for (const route of routes) {
    const found = route.method === method ? route.pattern.exec(path) : null;
    if (found !== null) {
      const params = Object.entries(found.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]);
      return { route, params: Object.fromEntries(params) };
    }
  }
  return null;
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) {
    return undefined;
  }
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw refusal(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized.');
  }
}
