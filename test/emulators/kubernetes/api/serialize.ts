import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiError, tooLarge } from './status.ts';

/** The server's own limit on any request body, in bytes. */
const requestLimitBytes = 3_145_728;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes <= requestLimitBytes) {
      chunks.push(part);
    }
  }
  if (bytes > requestLimitBytes) {
    throw tooLarge(requestLimitBytes);
  }
  return Buffer.concat(chunks);
}

export function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'cache-control': 'no-cache, private',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  const seconds = error.details?.retryAfterSeconds;
  sendJson(response, error.code, error.body, seconds === undefined ? {} : { 'retry-after': String(seconds) });
}
