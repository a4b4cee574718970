import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Storage } from './storage.ts';

export interface StorageReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What stands before Azurite: old signatures are refused here, and what it does otherwise than Azure is put right. */
export class StorageProxy {
  readonly #storage: Storage;
  /** A range that begins at the end of a blob is answered with 206 and no bytes, as Azurite does, in place of Azure's 416. */
  answersEmptyRanges = false;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async answer(incoming: IncomingMessage, body: Buffer): Promise<StorageReply> {
    const url = new URL(incoming.url ?? '/', 'http://storage');
    if (!this.#storage.admits(url.searchParams.get('sig'))) {
      const expiry = url.searchParams.get('se') ?? '';
      return refusal(
        403,
        'AuthenticationFailed',
        'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
        `Signature not valid in the specified time frame: Start [${url.searchParams.get('st') ?? ''}] - Expiry [${expiry}] - Current [${new Date().toUTCString()}]`,
      );
    }
    const reply = await this.#forward(incoming, body);
    const isEmptyRange = reply.status === 206 && reply.headers['content-length'] === '0';
    if (isEmptyRange && !this.answersEmptyRanges) {
      return refusal(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.');
    }
    return reply;
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<StorageReply> {
    const { connection: _, 'transfer-encoding': __, ...headers } = incoming.headers;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#storage.port,
          method: incoming.method,
          path: incoming.url,
          headers: { ...headers, host: `127.0.0.1:${this.#storage.port}`, 'content-length': body.length },
        },
        (response) => {
          buffer(response).then(
            (bytes) => resolve({ status: response.statusCode ?? 500, headers: response.headers, body: bytes }),
            reject,
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function refusal(status: number, code: string, message: string, detail?: string): StorageReply {
  const id = randomUUID();
  const more = detail === undefined ? '' : `<AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail>`;
  const text = `\uFEFF<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:${id}\nTime:${new Date().toISOString()}</Message>${more}</Error>`;
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code, 'x-ms-request-id': id },
    body: Buffer.from(text),
  };
}
