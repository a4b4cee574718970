import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Tokens } from '../identity/tokens.ts';
import type { Storage } from './storage.ts';

export interface StorageReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What stands before Azurite: old signatures are refused here, and what it does otherwise than Azure is put right. */
export class StorageProxy {
  readonly #storage: Storage;
  readonly #tokens: Tokens;
  /** A range that begins at the end of a blob is answered with 206 and no bytes, as Azurite does, in place of Azure's 416. */
  answersEmptyRanges = false;

  constructor(storage: Storage, tokens: Tokens) {
    this.#storage = storage;
    this.#tokens = tokens;
  }

  async answer(incoming: IncomingMessage, body: Buffer): Promise<StorageReply> {
    const url = new URL(incoming.url ?? '/', 'http://storage');
    const expiry = url.searchParams.get('se') ?? '';
    // Azurite calls it another thing.
    const isOver = Date.parse(expiry) <= Date.now();
    if (isOver || !this.#storage.admits(url.searchParams.get('sig'))) {
      return refusal(
        403,
        'AuthenticationFailed',
        'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
        `Signature not valid in the specified time frame: Start [${url.searchParams.get('st') ?? ''}] - Expiry [${expiry}] - Current [${new Date().toUTCString()}]`,
      );
    }
    const refused = this.#refusedToken(incoming.headers.authorization);
    if (refused !== null) {
      return refused;
    }
    const reply = await this.#forward(incoming, this.#target(incoming, url), body);
    const isEmptyRange = reply.status === 206 && reply.headers['content-length'] === '0';
    if (isEmptyRange && !this.answersEmptyRanges) {
      return refusal(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.');
    }
    return reply;
  }

  /** Who comes with a token of Microsoft Entra, which Azurite takes over HTTPS only; null where that is fine, or where nobody does. */
  #refusedToken(authorization: string | undefined): StorageReply | null {
    const token = /^Bearer (.+)$/iu.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      return null;
    }
    const issued = this.#tokens.find(token);
    const isGood =
      issued !== undefined && issued.expiresAt > Date.now() && issued.audience.startsWith('https://storage.azure.com');
    return isGood
      ? null
      : refusal(
          401,
          'InvalidAuthenticationInfo',
          'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
        );
  }

  /** Path and query for Azurite, with a signature in place of a good token. */
  #target(incoming: IncomingMessage, url: URL): string {
    if (!/^Bearer /iu.test(incoming.headers.authorization ?? '')) {
      return incoming.url ?? '/';
    }
    const [, , container = ''] = url.pathname.split('/');
    const signed = new URL(this.#storage.signedContainer(container)).searchParams;
    url.searchParams.forEach((text, name) => signed.set(name, text));
    return `${url.pathname}?${signed}`;
  }

  async #forward(incoming: IncomingMessage, path: string, body: Buffer): Promise<StorageReply> {
    const { connection: _, 'transfer-encoding': __, ...rest } = incoming.headers;
    const { authorization, ...others } = rest;
    const headers = /^Bearer /iu.test(authorization ?? '') ? others : rest;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#storage.port,
          method: incoming.method,
          path,
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
