import type { Api } from '../settings.ts';

export interface RestRequest {
  readonly api: Api;
  /** With its query, from `/` on. */
  readonly path: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
}

/** What an API answered that did not do it; `answer.ts` reads it. */
class RestError extends Error {
  override readonly name = 'RestError';
  readonly response: { readonly status: number; readonly data: string; readonly headers: Headers };

  constructor(status: number, data: string, headers: Headers) {
    super(data.trim().slice(0, 2000) || `HTTP ${status}`);
    this.response = { status, data, headers };
  }
}

/** One request over HTTP; resolves to what its JSON says. */
export async function sendRest(
  origin: string,
  headers: Headers,
  request: RestRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await send(origin, headers, request, AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
  const text = await answer.text();
  return text === '' ? null : JSON.parse(text);
}

/** One request over HTTP whose answer is bytes of any number. */
export async function openRest(
  origin: string,
  headers: Headers,
  request: RestRequest,
  signal: AbortSignal,
): Promise<AsyncIterator<Uint8Array>> {
  const { body } = await send(origin, headers, request, signal);
  return (body ?? new ReadableStream<Uint8Array>()).values();
}

async function send(
  origin: string,
  headers: Headers,
  { path, method = 'GET', body }: RestRequest,
  signal: AbortSignal,
): Promise<Response> {
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
  }
  const response = await fetch(origin + path, {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw new RestError(response.status, await response.text(), response.headers);
  }
  return response;
}
