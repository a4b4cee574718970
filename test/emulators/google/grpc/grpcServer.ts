import { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream, createServer } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { closed, listenLocally } from '../../wire/listening.ts';
import { GoogleApiError } from '../apiError.ts';
import type { Fault, FaultPlan, RequestInfo } from '../faults.ts';
import { statusBytes } from './errorDetails.ts';
import { readMessages, withPrefix } from './messages.ts';
import type { GrpcMethod } from './protos.ts';

/** A method of a service. A stream is given the first message only; it ends with the signal or with its own end. */
export type Handler =
  | { readonly kind: 'unary'; readonly handle: (request: object) => object | Promise<object> }
  | { readonly kind: 'stream'; readonly handle: (request: object, signal: AbortSignal) => AsyncIterable<object> };

export interface Service {
  readonly methods: Readonly<Record<string, GrpcMethod>>;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly describe: (method: string, request: object) => RequestInfo;
  /** Throws where the caller may not. */
  readonly admit: (info: RequestInfo, authorization: string | undefined) => void;
}

interface Route {
  readonly service: Service;
  readonly name: string;
  readonly method: GrpcMethod;
  readonly handler: Handler;
}

/** gRPC over HTTP/2 without encryption, on a free port of 127.0.0.1, with connections that can be lost at any byte. */
export class GrpcServer {
  readonly #routes = new Map<string, Route>();
  readonly #faults: FaultPlan;
  readonly #server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(services: readonly Service[], faults: FaultPlan) {
    this.#faults = faults;
    for (const service of services) {
      for (const [name, handler] of Object.entries(service.handlers)) {
        const method = service.methods[name];
        if (method !== undefined) {
          this.#routes.set(method.path, { service, name, method, handler });
        }
      }
    }
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      void this.#answer(stream, headers).catch((error: unknown) => refuse(stream, asApiError(error)));
    });
  }

  async listen(): Promise<number> {
    return listenLocally(this.#server);
  }

  cutAll(): void {
    for (const session of this.#sessions) {
      session.destroy();
    }
  }

  async close(): Promise<void> {
    const ended = closed(this.#server);
    this.cutAll();
    await ended;
  }

  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const route = this.#routes.get(headers[':path'] ?? '');
    if (route === undefined) {
      throw new GoogleApiError('UNIMPLEMENTED', 'The GRPC target is not implemented on the server');
    }
    const messages = readMessages(stream);
    const first = await messages.next();
    if (first.done === true) {
      return;
    }
    const request = route.method.requestDeserialize(first.value);
    const info = route.service.describe(route.name, request);
    const fault = this.#faults.take(info);
    if (!(await this.#before(fault, stream))) {
      return;
    }
    route.service.admit(info, headers.authorization);
    const { handler } = route;
    if (handler.kind === 'stream') {
      const signal = untilClosed(stream, messages);
      await send(stream, encoded(route, handler.handle(request, signal)), fault);
      return;
    }
    const answer = await doing(fault, async () => handler.handle(request));
    if (fault?.kind === 'loseReply') {
      stream.session?.destroy();
    } else if (fault?.kind === 'hangAfterWork') {
      fault.onHeld?.();
    } else {
      await send(stream, encoded(route, [answer]), fault);
    }
  }

  /** False where the request goes no further. */
  async #before(fault: Fault | undefined, stream: ServerHttp2Stream): Promise<boolean> {
    switch (fault?.kind) {
      case 'loseRequest':
        stream.session?.destroy();
        return false;
      case 'hang':
        fault.onHeld?.();
        return false;
      case 'fail':
        throw fault.error;
      case 'answer':
        stream.respond({ ':status': fault.code, 'content-type': fault.contentType, ...fault.headers });
        stream.end(fault.body);
        return false;
      case 'delay':
        await delay(fault.ms, undefined, { ref: false });
        return true;
      default:
        return true;
    }
  }
}

async function doing(fault: Fault | undefined, work: () => Promise<object>): Promise<object> {
  if (fault?.kind === 'duplicate') {
    // Whatever the first time gives, nobody hears of it.
    await work().catch(() => undefined);
  }
  return work();
}

async function* encoded({ method }: Route, answers: Iterable<object> | AsyncIterable<object>): AsyncGenerator<Buffer> {
  for await (const answer of answers) {
    yield withPrefix(method.responseSerialize(answer));
  }
}

/** Sends what there is, or as much of it as the fault lets through. */
async function send(stream: ServerHttp2Stream, parts: AsyncIterable<Buffer>, fault: Fault | undefined): Promise<void> {
  let left = fault?.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  for await (const part of parts) {
    if (!stream.headersSent) {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    }
    const sent = part.subarray(0, left);
    left -= sent.length;
    await new Promise((resolve) => {
      stream.write(sent, resolve);
    });
    if (left <= 0) {
      // What was written leaves before the connection does.
      await delay(5);
      stream.session?.destroy();
      return;
    }
  }
  if (stream.headersSent) {
    stream.end();
  } else if (!stream.destroyed) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true });
  }
}

function refuse(stream: ServerHttp2Stream, error: GoogleApiError): void {
  if (stream.destroyed || stream.closed) {
    return;
  }
  const status = {
    'grpc-status': String(error.grpcCode),
    'grpc-message': error.message.replaceAll(/[^ -$&-~]/gu, encodeURIComponent),
    'grpc-status-details-bin': statusBytes(error).toString('base64'),
  };
  if (stream.headersSent) {
    stream.removeAllListeners('wantTrailers');
    stream.on('wantTrailers', () => stream.sendTrailers(status));
    stream.end();
  } else {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
  }
}

function asApiError(error: unknown): GoogleApiError {
  return error instanceof GoogleApiError ? error : new GoogleApiError('INTERNAL', String(error));
}

/** Aborted when the caller goes away or has nothing more to say. */
function untilClosed(stream: ServerHttp2Stream, messages: AsyncIterator<Buffer>): AbortSignal {
  const gone = new AbortController();
  stream.on('close', () => gone.abort());
  void messages
    .next()
    .catch(() => undefined)
    .then(() => gone.abort());
  return gone.signal;
}
