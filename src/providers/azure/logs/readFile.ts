import type { PipelineResponse } from '@azure/core-rest-pipeline';

import type { ProviderError } from '../../../core/providerError.ts';
import { blobError, bytesOf } from '../client/blobs.ts';
import { sendVerbatim } from '../client/http.ts';
import type { FilePosition } from './position.ts';

/** First version that says when a blob was made, and later ones. */
const storageVersion = '2021-12-02';

/** New bytes that are asked for at once, so that no file of many keeps the others waiting. */
export const mostAtOnce = 4_194_304;

export type FileRead =
  /** Bytes that follow on, with where that leads. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly next: FilePosition }
  /** There is less than was read before, or another file: it begins anew at `next`. */
  | { readonly kind: 'begunAnew'; readonly next: FilePosition }
  /** The file is there and holds nothing yet, or nothing more; `next` knows when it was made. */
  | { readonly kind: 'nothing'; readonly next: FilePosition }
  /** The URL serves no more; the error says it in storage's words. */
  | { readonly kind: 'expired'; readonly error: ProviderError }
  | { readonly kind: 'gone' };

/**
 * What a log file holds from a position on, at most a few MB of it. Asks for the last byte that is known as well: so a file that is as
 * long as before is told from one that is shorter, with a single request. Rejects with a ProviderError.
 */
export async function* readFile(
  url: string,
  { offset, madeAt }: FilePosition,
  now: number,
  signal: AbortSignal,
): AsyncGenerator<FileRead, void> {
  const from = Math.max(0, offset - 1);
  const response = await sendVerbatim(
    {
      method: 'GET',
      url,
      headers: { range: `bytes=${from}-${offset + mostAtOnce - 1}`, 'x-ms-version': storageVersion },
      streamed: [200, 206],
    },
    signal,
  );
  if (response.status !== 200 && response.status !== 206) {
    yield refused(response, { offset, madeAt }, now);
    return;
  }
  const made = madeAtOf(response);
  if (madeAt !== 0 && made !== 0 && made !== madeAt) {
    await drop(response, signal);
    yield { kind: 'begunAnew', next: { offset: 0, madeAt: made } };
    return;
  }
  // Who ignores the range sends the file from its beginning.
  let toSkip = response.status === 200 ? offset : offset - from;
  let at = offset;
  for await (const bytes of bytesOf(response, signal)) {
    const fresh = bytes.subarray(Math.min(toSkip, bytes.length));
    toSkip -= bytes.length - fresh.length;
    if (fresh.length > 0) {
      at += fresh.length;
      yield { kind: 'bytes', bytes: fresh, next: { offset: at, madeAt: made } };
    }
  }
  if (toSkip > 0) {
    yield { kind: 'begunAnew', next: { offset: 0, madeAt: made } };
  } else if (at === offset) {
    yield { kind: 'nothing', next: { offset, madeAt: made } };
  }
}

/** Throws what is no answer about the file itself. */
function refused(response: PipelineResponse, position: FilePosition, now: number): FileRead {
  const error = blobError('GET', '/log', response, now);
  switch (response.status) {
    case 416:
      return position.offset === 0
        ? { kind: 'nothing', next: position }
        : { kind: 'begunAnew', next: { offset: 0, madeAt: 0 } };
    case 404:
      return { kind: 'gone' };
    default:
      if (error.code === 'AuthenticationFailed') {
        return { kind: 'expired', error };
      }
      throw error;
  }
}

/** In s since 1970; 0 where it is not said. */
function madeAtOf({ headers }: PipelineResponse): number {
  const time = Date.parse(headers.get('x-ms-creation-time') ?? '');
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}

async function drop(response: PipelineResponse, signal: AbortSignal): Promise<void> {
  for await (const _ of bytesOf(response, signal)) {
    return;
  }
}
