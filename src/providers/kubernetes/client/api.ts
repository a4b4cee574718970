import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { ProviderError } from '../../../core/providerError.ts';
import { type ClusterAccess, type Credentials } from './access.ts';
import { ApiError, networkError } from './apiError.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ApiRequest {
  readonly query?: Query;
  readonly body?: object;
  /** Of the body; `application/json` unless it is a patch. */
  readonly contentType?: string;
  readonly accept?: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const mergePatch = 'application/merge-patch+json';
export const strategicPatch = 'application/strategic-merge-patch+json';
/** Asks for the metadata alone. */
export const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** An answer that has not begun after this long, in ms, will not come. Streams have no such limit: a quiet log is silent. */
const answerWithin = 60_000;
/** A dead network is noticed by the system within about ten times a second after this, in ms. */
export const probeAfter = 15_000;

/**
 * Requests to one API server over one pool of connections. Everything rejects with the signal's reason or a ProviderError; what
 * the server refused is an ApiError. A refused sign-in is renewed once.
 */
export class KubeApi {
  readonly #access: ClusterAccess;
  readonly #ended = new AbortController();

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  /** Where it is, for people. */
  get server(): string {
    return this.#access.context.cluster.server;
  }

  async credentials(signal: AbortSignal): Promise<Credentials> {
    return this.#access.credentials(AbortSignal.any([signal, this.#ended.signal]));
  }

  /** The parsed body of the answer. */
  async json(method: Method, path: string, options: ApiRequest, signal: AbortSignal): Promise<unknown> {
    const response = await this.#open(method, path, options, signal, answerWithin);
    try {
      return JSON.parse(await text(response));
    } catch (error) {
      signal.throwIfAborted();
      throw networkError(error, this.server);
    }
  }

  /** The body of a GET as it comes. Breaks off with an error when the connection does. */
  async *stream(path: string, query: Query, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const response = await this.#open('GET', path, { query, accept: '*/*' }, signal, null);
    try {
      for await (const chunk of response) {
        yield chunk;
      }
      if (!response.complete) {
        throw new Error('the answer broke off');
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#ended.signal.throwIfAborted();
      throw networkError(error, this.server);
    } finally {
      response.destroy();
    }
  }

  /** Tries with fresh credentials once when the cluster refuses the ones there were. */
  async withSignIn<T>(signal: AbortSignal, attempt: (credentials: Credentials) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    const credentials = await this.#access.credentials(either);
    try {
      return await attempt(credentials);
    } catch (error) {
      const isRefused = error instanceof ApiError && error.code === 401;
      if (!isRefused || !this.#access.refused(credentials)) {
        throw error;
      }
      return attempt(await this.#access.credentials(either));
    }
  }

  url(path: string, query: Query = {}): URL {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query)) {
      for (const one of value === undefined ? [] : [value].flat()) {
        url.searchParams.append(name, String(one));
      }
    }
    return url;
  }

  /** Aborted when the connection is disposed of. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  dispose(): void {
    this.#ended.abort(new ProviderError('transient', 'The connection to the cluster was closed.'));
    this.#access.dispose();
  }

  async #open(
    method: Method,
    path: string,
    options: ApiRequest,
    signal: AbortSignal,
    within: number | null,
  ): Promise<IncomingMessage> {
    return this.withSignIn(signal, async (credentials) => {
      const response = await this.#send(method, path, options, credentials, signal, within);
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) {
        return response;
      }
      const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
      const body = await text(response).catch(() => '');
      signal.throwIfAborted();
      throw new ApiError({ method, path, code, body, retryAfter: Number.isNaN(retryAfter) ? null : retryAfter });
    });
  }

  async #send(
    method: Method,
    path: string,
    { query, body, contentType, accept }: ApiRequest,
    { agent, headers, tls }: Credentials,
    signal: AbortSignal,
    within: number | null,
  ): Promise<IncomingMessage> {
    const url = this.url(path, query);
    const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
    const either = AbortSignal.any([signal, this.#ended.signal]);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = {
      method,
      agent,
      signal: either,
      headers: {
        ...headers,
        Accept: accept ?? 'application/json',
        'User-Agent': 'aloft',
        ...(payload === null
          ? {}
          : { 'Content-Type': contentType ?? 'application/json', 'Content-Length': payload.length }),
      },
    };
    const sent: ClientRequest =
      url.protocol === 'http:' ? httpRequest(url, options) : httpsRequest(url, { ...options, ...tls });
    sent.once('response', (response) => {
      sent.setTimeout(0);
      resolve(response);
    });
    sent.once('socket', (socket) => {
      socket.setKeepAlive(true, probeAfter);
      socket.setNoDelay(true);
    });
    if (within !== null) {
      sent.setTimeout(within, () => {
        sent.destroy(new Error(`there was no answer within ${within / 1000} s`));
      });
    }
    sent.on('error', reject);
    sent.end(payload);
    try {
      return await promise;
    } catch (error) {
      signal.throwIfAborted();
      this.#ended.signal.throwIfAborted();
      throw networkError(error, this.server);
    }
  }
}
