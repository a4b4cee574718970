import type { PipelineResponse } from '@azure/core-rest-pipeline';

import { networkError } from './apiError.ts';

export interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'PATCH' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The body of an answer with one of these is not read but handed on. */
  readonly streamed?: readonly number[];
  /** Bytes of the body sent so far. */
  readonly onSent?: (bytes: number) => void;
  /** In ms: until the whole answer is there, or its beginning where it is streamed. */
  readonly timeoutMs?: number;
}

/** Rejects with `transient` or `auth` when there was no answer, with the signal's reason when it was aborted. */
export async function send(request: HttpRequest, signal: AbortSignal): Promise<PipelineResponse> {
  return through('usual', request, signal);
}

export async function sendVerbatim(request: HttpRequest, signal: AbortSignal): Promise<PipelineResponse> {
  return through('verbatim', request, signal);
}

async function through(
  way: 'usual' | 'verbatim',
  { method, url, headers = {}, body, streamed, onSent, timeoutMs = 60_000 }: HttpRequest,
  signal: AbortSignal,
): Promise<PipelineResponse> {
  signal.throwIfAborted();
  // Loaded with the first request: it takes longer than all the rest.
  const { client, createHttpHeaders, createPipelineRequest, pipelines } = await import('./pipelines.ts');
  signal.throwIfAborted();
  const request = createPipelineRequest({
    method,
    url,
    headers: createHttpHeaders({ ...headers }),
    allowInsecureConnection: url.startsWith('http://'),
    abortSignal: signal,
    timeout: timeoutMs,
    ...(body === undefined ? {} : { body }),
    ...(streamed === undefined ? {} : { streamResponseStatusCodes: new Set(streamed) }),
    ...(onSent === undefined
      ? {}
      : {
          onUploadProgress: ({ loadedBytes }): void => {
            onSent(loadedBytes);
          },
        }),
  });
  try {
    return await pipelines[way].sendRequest(client, request);
  } catch (error) {
    signal.throwIfAborted();
    throw networkError(error, new URL(url).host);
  }
}

/** In ms; null where the answer asks for no wait. */
export function retryAfterOf({ headers }: Pick<PipelineResponse, 'headers'>, now: number): number | null {
  const ms = Number(headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) {
    return Math.max(0, ms);
  }
  const text = headers.get('retry-after');
  if (text === undefined) {
    return null;
  }
  const seconds = Number(text);
  if (Number.isFinite(seconds)) {
    return Math.max(0, seconds * 1000);
  }
  // A date is by the clock of whoever answered.
  const sentAt = Date.parse(headers.get('date') ?? '');
  const until = Date.parse(text);
  return Number.isNaN(until) ? null : Math.max(0, until - (Number.isNaN(sentAt) ? now : sentAt));
}
