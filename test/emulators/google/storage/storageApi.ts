import { readFileSync } from 'node:fs';
import type { RequestInfo } from '../faults.ts';
import type { HttpApi, HttpReply, HttpRequest } from '../http/httpServer.ts';
import type { Buckets, StoredObject } from './buckets.ts';
import { objectResource } from './objectResource.ts';
import { checkPreconditions } from './preconditions.ts';
import { StorageError } from './storageError.ts';
import { Uploads } from './uploads.ts';

/** The JSON API of Cloud Storage. */
export function storageApi(buckets: Buckets): HttpApi {
  const uploads = new Uploads(buckets);
  return {
    // Whoever has the address of an upload session may use it.
    needsToken: ({ searchParams }) => !searchParams.has('upload_id'),
    describe,
    answer: (request, { method }) => {
      const [bucket = '', object = ''] = place(request.parts);
      switch (method) {
        case 'buckets.list':
          return json({ kind: 'storage#buckets', items: buckets.all().map(bucketResource) });
        case 'buckets.insert':
          return json(insertBucket(buckets, request));
        case 'buckets.get':
          return json(bucketResource(buckets.get(bucket)));
        case 'objects.list':
          return json(listObjects(buckets, bucket, request.url.searchParams));
        case 'objects.insert':
          return uploads.answer(request, bucket);
        case 'objects.delete':
          checkPreconditions(request.url.searchParams, present(buckets.find(bucket, object), bucket, object));
          buckets.delete(bucket, object);
          return { status: 204 };
        case 'objects.download':
          return download(present(buckets.find(bucket, object), bucket, object), request);
        default: {
          const found = present(buckets.find(bucket, object), bucket, object);
          checkPreconditions(request.url.searchParams, found);
          return json(objectResource(found));
        }
      }
    },
  };
}

/** Bucket and object of a path; a name may have slashes, which are escaped in it. */
function place(parts: readonly string[]): readonly string[] {
  const at = parts.indexOf('b');
  const [bucket = '', , ...object] = parts.slice(at + 1);
  return [bucket, object.join('/')];
}

function describe(method: string, url: URL, parts: readonly string[]): RequestInfo | null {
  const isUpload = parts[0] === 'upload';
  if (!/^\/(?:(?:upload|download)\/)?storage\/v1\/b(?:\/|$)/u.test(url.pathname)) {
    return null;
  }
  const [bucket = '', object = ''] = place(parts);
  const isAboutObjects = parts.slice(parts.indexOf('b')).length > 2;
  const name = isUpload ? (url.searchParams.get('name') ?? '') : object;
  return {
    api: 'storage',
    method: isUpload ? 'objects.insert' : methodOf(method, url, bucket, object, isAboutObjects),
    region: '',
    resource: name === '' ? bucket : `${bucket}/${name}`,
    at: Date.now(),
  };
}

function methodOf(method: string, url: URL, bucket: string, object: string, isAboutObjects: boolean): string {
  if (!isAboutObjects) {
    const insertOrList = method === 'POST' ? 'buckets.insert' : 'buckets.list';
    return bucket === '' ? insertOrList : 'buckets.get';
  }
  if (object === '') {
    return 'objects.list';
  }
  if (method === 'DELETE') {
    return 'objects.delete';
  }
  return url.searchParams.get('alt') === 'media' ? 'objects.download' : 'objects.get';
}

function insertBucket(buckets: Buckets, { body }: HttpRequest): object {
  const { name, location, labels, softDeletePolicy } = JSON.parse(body.toString()) as {
    name?: string;
    location?: string;
    labels?: Record<string, string>;
    softDeletePolicy?: { retentionDurationSeconds?: string | number };
  };
  const seconds = softDeletePolicy?.retentionDurationSeconds;
  return bucketResource(
    buckets.create(name ?? '', location, labels, seconds === undefined ? undefined : Number(seconds)),
  );
}

function listObjects(buckets: Buckets, bucket: string, query: URLSearchParams): object {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString();
  const most = Math.min(Number(query.get('maxResults') ?? 1000), 1000);
  const prefixes = new Set<string>();
  const found = buckets.list(bucket).filter(({ name }) => {
    const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    if (name.startsWith(prefix) && end >= 0) {
      prefixes.add(name.slice(0, end + delimiter.length));
    }
    return name.startsWith(prefix) && end < 0 && name > after;
  });
  const page = found.slice(0, most);
  const last = page.at(-1);
  return {
    kind: 'storage#objects',
    ...(prefixes.size === 0 ? {} : { prefixes: [...prefixes] }),
    items: page.map(objectResource),
    ...(last === undefined || page.length === found.length
      ? {}
      : { nextPageToken: Buffer.from(last.name).toString('base64url') }),
  };
}

function download(object: StoredObject, { url, headers }: HttpRequest): HttpReply {
  checkPreconditions(url.searchParams, object);
  const bytes = object.size === 0 ? Buffer.alloc(0) : readFileSync(object.path);
  const about = {
    'x-goog-generation': object.generation,
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    'x-goog-stored-content-length': String(bytes.length),
    'content-type': object.contentType,
  };
  const { from, to = '' } = /^bytes=(?<from>\d+)-(?<to>\d*)$/u.exec(headers.range ?? '')?.groups ?? {};
  if (from === undefined) {
    return { status: 200, headers: about, body: bytes };
  }
  const start = Number(from);
  const end = Math.min(to === '' ? bytes.length - 1 : Number(to), bytes.length - 1);
  if (start >= bytes.length) {
    throw new StorageError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  }
  return {
    status: 206,
    headers: { ...about, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}

function present(object: StoredObject | undefined, bucket: string, name: string): StoredObject {
  if (object === undefined) {
    throw new StorageError(404, 'notFound', `No such object: ${bucket}/${name}`);
  }
  return object;
}

function bucketResource(bucket: ReturnType<Buckets['get']>): object {
  const { name, location, labels, timeCreated, softDeleteSeconds } = bucket;
  const softDeletePolicy = { retentionDurationSeconds: String(softDeleteSeconds) };
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    location,
    labels,
    timeCreated,
    storageClass: 'STANDARD',
    softDeletePolicy,
  };
}

function json(body: object): HttpReply {
  return { status: 200, body };
}
