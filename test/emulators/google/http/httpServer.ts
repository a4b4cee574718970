import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { closed, listenLocally } from '../../wire/listening.ts';
import { Misfortune } from '../../wire/misfortune.ts';
import { GoogleApiError } from '../apiError.ts';
import type { FaultPlan, RequestInfo } from '../faults.ts';
import { StorageError } from '../storage/storageError.ts';
import type { CloudClock } from '../time.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Of the path, decoded. */
  readonly parts: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or bytes as they are. */
  readonly body?: object;
}

/** An API over HTTP: whether a request is its own and what about, and the answer. */
export interface HttpApi {
  readonly describe: (method: string, url: URL, parts: readonly string[]) => RequestInfo | null;
  readonly needsToken: (url: URL) => boolean;
  readonly answer: (request: HttpRequest, info: RequestInfo) => HttpReply;
}

/** The APIs that are asked over HTTP, without encryption, on a free port of 127.0.0.1. */
export class HttpServer {
  readonly #apis: readonly HttpApi[];
  readonly #faults: FaultPlan;
  readonly #admit: (info: RequestInfo, authorization: string | undefined) => void;
  readonly #clock: CloudClock;
  readonly #server = createServer(
    { keepAliveTimeout: 90_000 },
    (incoming, response) => void this.#answer(incoming, response),
  );

  constructor(
    apis: readonly HttpApi[],
    faults: FaultPlan,
    admit: (info: RequestInfo, authorization: string | undefined) => void,
    clock: CloudClock,
  ) {
    this.#apis = apis;
    this.#faults = faults;
    this.#admit = admit;
    this.#clock = clock;
  }

  async listen(): Promise<number> {
    return listenLocally(this.#server);
  }

  cutAll(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    const ended = closed(this.#server);
    this.cutAll();
    await ended;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    incoming.on('error', () => undefined);
    response.setHeader('date', new Date(this.#clock.now()).toUTCString());
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`);
    const parts = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const method = incoming.method ?? 'GET';
    try {
      const found = this.#apis
        .map((api) => ({ api, info: api.describe(method, url, parts) }))
        .find(({ info }) => info !== null);
      if (found === undefined || found.info === null) {
        incoming.resume();
        send(response, { status: 404, body: { error: { code: 404, message: 'Not Found', status: 'NOT_FOUND' } } });
        return;
      }
      const { api, info } = found;
      const misfortune = new Misfortune(this.#faults.take(info), incoming, response);
      if (!(await misfortune.before())) {
        return;
      }
      const body = await buffer(incoming);
      if (api.needsToken(url)) {
        this.#admit(info, incoming.headers.authorization);
      }
      const reply = await misfortune.doing(() =>
        api.answer({ method, url, parts, headers: incoming.headers, body }, info),
      );
      if (await misfortune.after()) {
        send(response, reply);
      }
    } catch (error) {
      if (!response.headersSent && !response.destroyed) {
        send(response, refusal(error));
      }
    }
  }
}

function refusal(error: unknown): HttpReply {
  if (error instanceof StorageError) {
    return { status: error.status, body: error.body };
  }
  const known = error instanceof GoogleApiError ? error : new GoogleApiError('INTERNAL', String(error));
  return { status: known.httpStatus, body: known.body };
}

function send(response: ServerResponse, { status, headers = {}, body }: HttpReply): void {
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json; charset=UTF-8';
  response.writeHead(status, { 'content-type': type, 'content-length': bytes?.length ?? 0, ...headers });
  response.end(bytes);
}
