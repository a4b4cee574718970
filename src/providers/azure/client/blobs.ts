import type { Readable } from 'node:stream';

import type { PipelineResponse } from '@azure/core-rest-pipeline';

import type { Clock } from '../../../core/ports.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { ApiError, hasStatus } from './apiError.ts';
import { elements, textOf } from './blobXml.ts';
import { type HttpRequest, retryAfterOf, sendVerbatim } from './http.ts';

/** Knows `If-None-Match: *`, which all of them do, and ranges from 0. */
const storageVersion = '2021-12-02';

/** Signs requests for blobs: by the query of the URL, or by a header. */
export interface BlobAccess {
  /** Of the container, without a query. */
  readonly url: string;
  /** A shared access signature without the question mark; empty where a token is sent. */
  readonly sas: (signal: AbortSignal) => Promise<string>;
  /** For the header `Authorization`; null where the signature is enough. */
  readonly token: (signal: AbortSignal) => Promise<string | null>;
  /** Storage does not take them any more. */
  readonly renew?: () => void;
  /** What signs the person in anew, in a sentence. */
  readonly signIn?: () => string;
}

export interface BlobInfo {
  /** From the container on. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: number | null;
}

/**
 * One container of blobs. The few calls that are needed, because Microsoft's library for blobs is larger and slower to load than a
 * provider may be (850 kB, 60 ms).
 */
export class BlobContainer {
  readonly #access: BlobAccess;
  readonly #clock: Clock;

  constructor(access: BlobAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** False when there was one under that name already, which is left as it is. */
  async create(
    name: string,
    bytes: Uint8Array,
    signal: AbortSignal,
    onSent?: (bytes: number) => void,
  ): Promise<boolean> {
    try {
      await this.#call('PUT', name, {
        headers: { 'x-ms-blob-type': 'BlockBlob', 'if-none-match': '*', 'content-type': 'application/octet-stream' },
        body: bytes,
        signal,
        // Slow lines send a few kB a second.
        timeoutMs: 60_000 + bytes.length / 20,
        ...(onSent === undefined ? {} : { onSent }),
      });
      return true;
    } catch (error) {
      if (hasStatus(error, 409, 412) && ['BlobAlreadyExists', 'ConditionNotMet'].includes(error.code)) {
        return false;
      }
      throw error;
    }
  }

  /** In place of whatever was there. */
  async put(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#call('PUT', name, { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: bytes, signal });
  }

  async has(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#call('HEAD', name, { signal });
      return true;
    } catch (error) {
      if (hasStatus(error, 404)) {
        return false;
      }
      throw error;
    }
  }

  /** All of a small blob; null where there is none. */
  async read(name: string, signal: AbortSignal): Promise<string | null> {
    try {
      return (await this.#call('GET', name, { signal })).bodyAsText ?? '';
    } catch (error) {
      if (hasStatus(error, 404)) {
        return null;
      }
      throw error;
    }
  }

  /** Its bytes from an offset on, as they come. Rejects with `notFound`. */
  async *stream(name: string, signal: AbortSignal, offset = 0): AsyncGenerator<Uint8Array, void> {
    const response = await this.#call('GET', name, {
      headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
      streamed: [200, 206],
      signal,
    });
    yield* bytesOf(response, signal);
  }

  /** Already gone is fine. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#call('DELETE', name, { signal, headers: { 'x-ms-delete-snapshots': 'include' } });
    } catch (error) {
      if (!hasStatus(error, 404)) {
        throw error;
      }
    }
  }

  /** Everything whose name begins so. */
  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<BlobInfo, void> {
    let marker = '';
    do {
      const query = { restype: 'container', comp: 'list', prefix, ...(marker === '' ? {} : { marker }) };
      const xml = (await this.#call('GET', '', { query, signal })).bodyAsText ?? '';
      for (const blob of elements(xml, 'Blob')) {
        const modified = Date.parse(textOf(blob, 'Last-Modified'));
        yield {
          name: textOf(blob, 'Name'),
          bytes: Number(textOf(blob, 'Content-Length')) || 0,
          modifiedAt: Number.isNaN(modified) ? null : modified,
        };
      }
      marker = textOf(xml, 'NextMarker');
    } while (marker !== '');
  }

  async #call(
    method: HttpRequest['method'],
    name: string,
    {
      query = {},
      headers = {},
      signal,
      ...rest
    }: Partial<HttpRequest> & { readonly query?: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<PipelineResponse> {
    const path = name === '' ? '' : `/${name.split('/').map(encodeURIComponent).join('/')}`;
    for (let isSecond = false; ; isSecond = true) {
      const [sas, token] = [await this.#access.sas(signal), await this.#access.token(signal)];
      const search = [new URLSearchParams(query).toString(), sas].filter((part) => part !== '').join('&');
      const response = await sendVerbatim(
        {
          ...rest,
          method,
          url: `${this.#access.url}${path}${search === '' ? '' : `?${search}`}`,
          headers: {
            ...headers,
            'x-ms-version': storageVersion,
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
        },
        signal,
      );
      if (response.status >= 200 && response.status < 300) {
        return response;
      }
      const error = blobError(method, `/${name}`, response, this.#clock.now(), this.#access.signIn?.());
      // Its time is over, or the account has another key now.
      if (isSecond || this.#access.renew === undefined || !isOutdated(error)) {
        throw error;
      }
      this.#access.renew();
    }
  }
}

function isOutdated({ status, code }: ApiError): boolean {
  return status === 401 || (status === 403 && code === 'AuthenticationFailed');
}

/** What storage says, which is XML, in the words of Resource Manager. */
export function blobError(
  method: string,
  path: string,
  response: Pick<PipelineResponse, 'bodyAsText' | 'headers' | 'status'>,
  now: number,
  signIn?: string,
): ApiError {
  const xml = response.bodyAsText ?? '';
  const code = response.headers.get('x-ms-error-code') ?? textOf(xml, 'Code');
  const message = textOf(xml, 'Message');
  return new ApiError({
    method,
    path,
    status: response.status,
    body: JSON.stringify({ error: { code, message } }),
    retryAfterMs: retryAfterOf(response, now),
    signIn: signIn ?? null,
  });
}

/** A body that brings nothing for so long comes no more, in ms: a machine that slept hears of no end of its connections. */
const silentFor = 60_000;

/** The streamed body of an answer. Rejects with `transient` when the connection breaks, or is silent for a minute. */
export async function* bytesOf(response: PipelineResponse, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const body = response.readableStreamBody;
  if (body === undefined) {
    return;
  }
  const abort = (): void => {
    (body as Readable).destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const timer = setTimeout(() => {
        (body as Readable).destroy(new Error(`Nothing came for ${silentFor / 1000} s.`));
      }, silentFor);
      const { done, value } = await chunks.next().finally(() => {
        clearTimeout(timer);
      });
      if (done === true) {
        break;
      }
      yield typeof value === 'string' ? Buffer.from(value) : value;
    }
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw new ProviderError('transient', 'The connection to Azure’s storage broke.', {
      raw: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
  }
}
