import { type IncomingMessage, STATUS_CODES, type ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { closed, listenLocally } from '../../wire/listening.ts';
import type { Certificates } from '../certificates.ts';
import type { Fault, FaultPlan } from '../faults.ts';
import { Misfortune } from '../../wire/misfortune.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { discovery } from './discovery.ts';
import { openApi } from './openApi.ts';
import { represent, representationOf } from './representation.ts';
import { type RequestInfo, requestInfo } from './requestInfo.ts';
import { findType, handleResource, requirePod } from './resourceHandlers.ts';
import { review } from './reviews.ts';
import { readBody, sendError, sendJson } from './serialize.ts';
import { ApiError, internal, methodNotAllowed, noSuchPath } from './status.ts';
import { serveWatch } from './watch.ts';

/** The HTTPS side of the cluster. */
export class ApiServer {
  readonly #context: ApiContext;
  readonly #faults: FaultPlan;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(context: ApiContext, faults: FaultPlan, certificates: Certificates) {
    this.#context = context;
    this.#faults = faults;
    this.#server = createServer({
      key: certificates.server.key,
      cert: certificates.server.cert,
      ca: certificates.ca.cert,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      keepAliveTimeout: 90_000,
    });
    // The plain sockets too: one whose TLS handshake is under way must end with the server.
    for (const event of ['connection', 'secureConnection']) {
      this.#server.on(event, (socket: Duplex) => this.#keep(socket));
    }
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  async listen(port = 0): Promise<number> {
    return listenLocally(this.#server, port);
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  /** Cuts every connection; new ones are taken. */
  cutAll(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  /** Stops taking connections, cuts those there are after that many ms, and listens again at the same port. */
  async restart(drainMs: number): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const ended = closed(this.#server);
    await delay(drainMs);
    this.cutAll();
    await ended;
    await this.listen(port);
  }

  async close(): Promise<void> {
    const ended = closed(this.#server);
    this.cutAll();
    await ended;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const url = new URL(incoming.url ?? '/', 'https://cluster');
    const info = requestInfo(incoming.method ?? 'GET', url);
    const misfortune = new Misfortune(this.#faults.take(info), incoming, response);
    try {
      if (!(await misfortune.before())) {
        return;
      }
      const user = this.#context.users.authenticate(incoming);
      this.#context.users.authorize(user, info);
      const representation = isStream(info) ? 'whole' : representationOf(incoming.headers.accept);
      const body = await readBody(incoming);
      const request: ApiRequest = { info, user, incoming, body };
      if (info.isResource && info.verb === 'watch') {
        const type = findType(this.#context, request);
        if (type === undefined) {
          throw noSuchPath();
        }
        serveWatch(this.#context, request, type, misfortune.cutting(response), representation);
        return;
      }
      if (info.isResource && info.resource === 'pods' && info.subresource === 'log') {
        requirePod(this.#context, request);
        await this.#context.nodeApi.log(request, misfortune.cutting(response));
        return;
      }
      const answer = await misfortune.doing(() => this.#handle(request));
      if (await misfortune.after()) {
        send(response, { ...answer, body: represent(answer.body, representation) });
      }
    } catch (error) {
      if (!response.headersSent && !response.destroyed) {
        sendError(response, error instanceof ApiError ? error : internal(describe(error)));
      } else {
        response.socket?.destroy();
      }
    }
  }

  #handle(request: ApiRequest): Answer {
    const { info } = request;
    const { types, serverVersion } = this.#context;
    if (!info.isResource) {
      const body =
        openApi(info.path, types) ?? discovery(info.path, types, request.incoming.headers.host ?? '', serverVersion);
      if (body === undefined) {
        throw noSuchPath();
      }
      return { code: 200, body };
    }
    if (info.group === 'authorization.k8s.io' || info.group === 'authentication.k8s.io') {
      return review(this.#context, request);
    }
    const type = findType(this.#context, request);
    if (type === undefined) {
      throw noSuchPath();
    }
    const known = info.subresource === '' || type.subresources.some(({ name }) => name === info.subresource);
    if (!known) {
      throw noSuchPath();
    }
    return handleResource(this.#context, request, type);
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const url = new URL(incoming.url ?? '/', 'https://cluster');
    const info = requestInfo(incoming.method ?? 'GET', url);
    try {
      if (!(await survivesUpgrade(this.#faults.take(info), socket))) {
        return;
      }
      const user = this.#context.users.authenticate(incoming);
      // A WebSocket begins with GET and still needs the right to create, since 1.35 of the real server by default.
      this.#context.users.authorize(user, { ...info, verb: 'get' });
      const request: ApiRequest = { info, user, incoming, body: Buffer.alloc(0) };
      if (info.resource !== 'pods' || !['exec', 'portforward'].includes(info.subresource)) {
        throw methodNotAllowed();
      }
      requirePod(this.#context, request);
      await (info.subresource === 'exec'
        ? this.#context.nodeApi.exec(request, socket, head)
        : this.#context.nodeApi.portForward(request, socket, head));
    } catch (error) {
      refuseUpgrade(socket, error instanceof ApiError ? error : internal(describe(error)));
    }
  }
}

function send(response: ServerResponse, { code, body, warnings = [] }: Answer): void {
  if (typeof body === 'string') {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(body);
    return;
  }
  for (const warning of warnings) {
    response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
  }
  sendJson(response, code, body);
}

/** Logs are text, whatever the client accepts. */
function isStream(info: RequestInfo): boolean {
  return info.resource === 'pods' && info.subresource === 'log';
}

/** What befalls a request for a WebSocket; false where it goes no further. Every way to lose it loses it before it is open. */
async function survivesUpgrade(fault: Fault | undefined, socket: Duplex): Promise<boolean> {
  switch (fault?.kind) {
    case undefined:
      return true;
    case 'delay':
      await delay(fault.ms);
      return true;
    case 'hang':
    case 'hangAfterWork':
      fault.onHeld?.();
      return false;
    case 'fail':
      throw fault.error;
    case 'answer':
      answerPlainly(socket, fault.code, fault.contentType, fault.body);
      return false;
    case 'loseRequest':
    case 'loseReply':
    case 'cut':
    case 'duplicate':
      socket.destroy();
      return false;
  }
}

function refuseUpgrade(socket: Duplex, error: ApiError): void {
  answerPlainly(socket, error.code, 'application/json', `${JSON.stringify(error.body)}\n`);
}

/** The plain HTTP answer to a request that wanted a WebSocket. */
function answerPlainly(socket: Duplex, code: number, contentType: string, text: string): void {
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\ncontent-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
