import { randomBytes } from 'node:crypto';
import type { HttpReply, HttpRequest } from '../http/httpServer.ts';
import type { Buckets, NewObject } from './buckets.ts';
import { crc32c, md5 } from './checksums.ts';
import { objectResource } from './objectResource.ts';
import { checkPreconditions } from './preconditions.ts';
import { StorageError } from './storageError.ts';

interface Metadata {
  readonly name?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

interface Session {
  readonly bucket: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly metadata: Metadata;
  bytes: Buffer;
}

/** Objects that are sent: in one piece, with their metadata, or in several pieces that can be resumed. */
export class Uploads {
  readonly #buckets: Buckets;
  readonly #sessions = new Map<string, Session>();

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
  }

  answer(request: HttpRequest, bucket: string): HttpReply {
    const query = request.url.searchParams;
    switch (query.get('uploadType')) {
      case 'media':
        return this.#store(bucket, query.get('name') ?? '', query, request.body, {
          contentType: request.headers['content-type'] ?? 'application/octet-stream',
        });
      case 'multipart': {
        const { metadata, bytes } = parseMultipart(request);
        return this.#store(bucket, query.get('name') ?? metadata.name ?? '', query, bytes, metadata);
      }
      case 'resumable':
        return request.method === 'PUT' ? this.#goOn(request) : this.#begin(request, bucket);
      default:
        throw new StorageError(400, 'wrongUrlForUpload', 'Upload requests must have an uploadType.');
    }
  }

  #begin({ url, body, headers }: HttpRequest, bucket: string): HttpReply {
    const metadata = JSON.parse(body.length === 0 ? '{}' : body.toString()) as Metadata;
    const name = url.searchParams.get('name') ?? metadata.name ?? '';
    checkPreconditions(url.searchParams, this.#buckets.find(bucket, name));
    const id = randomBytes(16).toString('hex');
    this.#sessions.set(id, { bucket, name, query: url.searchParams, metadata, bytes: Buffer.alloc(0) });
    const location = new URL(url.pathname, `http://${headers.host ?? 'localhost'}`);
    location.search = new URLSearchParams({ uploadType: 'resumable', upload_id: id, name }).toString();
    return { status: 200, headers: { location: location.href, 'x-guploader-uploadid': id } };
  }

  #goOn({ url, headers, body }: HttpRequest): HttpReply {
    const id = url.searchParams.get('upload_id') ?? '';
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw new StorageError(404, 'notFound', 'The upload session does not exist.');
    }
    const range = /^bytes (?:(?<from>\d+)-(?:\d+|\*)|\*)\/(?<total>\d+|\*)$/u.exec(headers['content-range'] ?? '');
    const { from, total = '*' } = range?.groups ?? {};
    const isWhole = headers['content-range'] === undefined;
    const start = isWhole ? 0 : Number(from ?? Number.NaN);
    if (!Number.isNaN(start) && start <= session.bytes.length) {
      session.bytes = Buffer.concat([session.bytes.subarray(0, start), body]);
    }
    const isOpen = headers['content-range']?.endsWith('-*/*') === true;
    const isComplete = isWhole || isOpen || session.bytes.length === Number(total);
    if (!isComplete) {
      const { length } = session.bytes;
      return { status: 308, headers: length === 0 ? {} : { range: `bytes=0-${length - 1}` } };
    }
    this.#sessions.delete(id);
    return this.#store(session.bucket, session.name, session.query, session.bytes, session.metadata);
  }

  #store(bucket: string, name: string, query: URLSearchParams, bytes: Buffer, metadata: Metadata): HttpReply {
    if (name === '') {
      throw new StorageError(400, 'required', 'Required parameter: name');
    }
    checkPreconditions(query, this.#buckets.find(bucket, name));
    if ((metadata.crc32c ?? crc32c(bytes)) !== crc32c(bytes) || (metadata.md5Hash ?? md5(bytes)) !== md5(bytes)) {
      throw new StorageError(400, 'invalid', 'Provided checksum does not match the calculated one.');
    }
    const about: NewObject = {
      contentType: metadata.contentType ?? 'application/octet-stream',
      metadata: metadata.metadata ?? {},
    };
    return { status: 200, body: objectResource(this.#buckets.put(bucket, name, bytes, about)) };
  }
}

/** A `multipart/related` body: JSON about the object, and the object. */
function parseMultipart({ headers, body }: HttpRequest): { readonly metadata: Metadata; readonly bytes: Buffer } {
  const boundary = /boundary="?(?<boundary>[^";]+)"?/u.exec(headers['content-type'] ?? '')?.groups?.['boundary'] ?? '';
  const delimiter = Buffer.from(`--${boundary}`);
  const first = body.indexOf(delimiter) + delimiter.length;
  const second = body.indexOf(delimiter, first);
  const end = body.lastIndexOf(Buffer.from(`\r\n--${boundary}--`));
  if (boundary === '' || second < 0 || end < 0) {
    throw new StorageError(400, 'badContent', 'Malformed multipart body.');
  }
  const contentOf = (part: Buffer): Buffer => part.subarray(part.indexOf('\r\n\r\n') + 4);
  const metadata = JSON.parse(contentOf(body.subarray(first, second)).toString()) as Metadata;
  return { metadata, bytes: contentOf(body.subarray(second + delimiter.length, end)) };
}
