import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './faults.ts';

/** What befalls one request over HTTP on its way. */
export class Misfortune {
  readonly #fault: FaultKind<Error> | undefined;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(fault: FaultKind<Error> | undefined, incoming: IncomingMessage, response: ServerResponse) {
    this.#fault = fault;
    this.#incoming = incoming;
    this.#response = response;
    if (fault?.kind === 'cut') {
      cutAfter(response, fault.afterBytes);
    }
  }

  /** False where the request goes no further. */
  async before(): Promise<boolean> {
    const fault = this.#fault;
    switch (fault?.kind) {
      case 'loseRequest':
        this.#incoming.socket.destroy();
        return false;
      case 'hang':
        this.#incoming.resume();
        fault.onHeld?.();
        return false;
      case 'fail':
        await drain(this.#incoming);
        throw fault.error;
      case 'answer':
        await drain(this.#incoming);
        this.#response.writeHead(fault.code, { 'content-type': fault.contentType, ...fault.headers });
        this.#response.end(fault.body);
        return false;
      case 'delay':
        await delay(fault.ms);
        return true;
      default:
        return true;
    }
  }

  /** Does the work, twice where the request arrives twice. */
  async doing<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#fault?.kind === 'duplicate') {
      try {
        await work();
      } catch {
        // Whatever the first time gave, nobody hears of it.
      }
    }
    return await work();
  }

  /** False where nobody hears the answer. */
  async after(): Promise<boolean> {
    const fault = this.#fault;
    switch (fault?.kind) {
      case 'loseReply':
        this.#incoming.socket.destroy();
        return false;
      case 'hangAfterWork':
        fault.onHeld?.();
        return false;
      default:
        return true;
    }
  }

  /** The response of a stream, for which losing the reply is losing the request. */
  cutting(response: ServerResponse): ServerResponse {
    if (this.#fault?.kind === 'loseReply') {
      response.flushHeaders();
      cutAfter(response, 0);
    }
    return response;
  }
}

/** Reads a request to its end, so that whoever sends it hears the answer. */
async function drain(incoming: IncomingMessage): Promise<void> {
  incoming.resume();
  await finished(incoming, { writable: false });
}

/** Lets that many bytes of the body out and then cuts the connection. */
function cutAfter(response: ServerResponse, limit: number): void {
  let left = limit;
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  const take = (chunk: unknown): boolean => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (!(bytes instanceof Uint8Array)) {
      return true;
    }
    const part = bytes.subarray(0, left);
    left -= part.length;
    const isGood = part.length === 0 || write(part);
    if (left === 0) {
      // What was written leaves before the connection does.
      response.socket?.end(() => response.socket?.destroy());
    }
    return isGood;
  };
  response.write = take as typeof response.write;
  const end = response.end.bind(response) as () => ServerResponse;
  response.end = ((chunk?: unknown) => {
    take(chunk);
    return left === 0 ? response : end();
  }) as typeof response.end;
}
