import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CloudClock } from '../time.ts';
import { rfc3339 } from '../time.ts';
import { crc32c, md5 } from './checksums.ts';
import { StorageError } from './storageError.ts';

export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number;
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly timeCreated: string;
  readonly path: string;
  /** Of the file when this was made: another one is another generation. */
  readonly stamp: string;
}

interface Bucket {
  readonly name: string;
  readonly location: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeCreated: string;
  /** How long what was deleted can be had again. */
  readonly softDeleteSeconds: number;
  readonly folder: string;
  readonly objects: Map<string, StoredObject>;
}

export interface NewObject {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Buckets whose objects are files of this machine, so that replicas see them below `/gcs` and what they write there becomes
 * objects. A name that is no path of a file cannot be stored.
 */
export class Buckets {
  readonly #folder: string;
  readonly #clock: CloudClock;
  readonly #buckets = new Map<string, Bucket>();
  #generations = 0n;

  constructor(folder: string, clock: CloudClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  create(
    name: string,
    location = 'US',
    labels: Readonly<Record<string, string>> = {},
    softDeleteSeconds = 604_800,
  ): Bucket {
    if (!/^[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]$/u.test(name)) {
      throw new StorageError(400, 'invalid', `Invalid bucket name: '${name}'`);
    }
    if (this.#buckets.has(name)) {
      throw new StorageError(
        409,
        'conflict',
        'Your previous request to create the named bucket succeeded and you already own it.',
      );
    }
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    const timeCreated = rfc3339(this.#clock.now());
    const bucket = { name, location, labels, timeCreated, softDeleteSeconds, folder, objects: new Map() };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  all(): readonly Bucket[] {
    return [...this.#buckets.values()];
  }

  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw new StorageError(404, 'notFound', 'The specified bucket does not exist.');
    }
    return bucket;
  }

  /** Where the buckets are on this machine. */
  folders(): ReadonlyMap<string, string> {
    return new Map(this.all().map(({ name, folder }) => [name, folder]));
  }

  /** The object as it is now; undefined where there is none. */
  find(bucketName: string, name: string): StoredObject | undefined {
    const bucket = this.get(bucketName);
    if (!isPath(name)) {
      return undefined;
    }
    return this.#look(bucket, name);
  }

  /** In the order of their names. */
  list(bucketName: string): readonly StoredObject[] {
    const bucket = this.get(bucketName);
    const entries = readdirSync(bucket.folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(bucket.folder.length + 1))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((name) => this.#look(bucket, name) ?? []);
  }

  put(bucketName: string, name: string, bytes: Uint8Array, { contentType, metadata }: NewObject): StoredObject {
    const bucket = this.get(bucketName);
    if (!isPath(name)) {
      throw new StorageError(400, 'invalid', `The object name '${name}' is not emulated.`);
    }
    const path = join(bucket.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
    const object = this.#describe(bucket, name, { contentType, metadata });
    bucket.objects.set(name, object);
    return object;
  }

  delete(bucketName: string, name: string): void {
    const bucket = this.get(bucketName);
    bucket.objects.delete(name);
    rmSync(join(bucket.folder, name), { force: true });
  }

  #look(bucket: Bucket, name: string): StoredObject | undefined {
    const stamp = stampOf(join(bucket.folder, name));
    if (stamp === null) {
      bucket.objects.delete(name);
      return undefined;
    }
    const known = bucket.objects.get(name);
    if (known?.stamp === stamp) {
      return known;
    }
    const object = this.#describe(bucket, name, { contentType: 'application/octet-stream', metadata: {} });
    bucket.objects.set(name, object);
    return object;
  }

  #describe(bucket: Bucket, name: string, { contentType, metadata }: NewObject): StoredObject {
    const path = join(bucket.folder, name);
    // Cloud Storage FUSE keeps a link as an empty object that names its target.
    const isLink = lstatSync(path).isSymbolicLink();
    const bytes = isLink ? Buffer.alloc(0) : readFileSync(path);
    this.#generations += 1n;
    return {
      bucket: bucket.name,
      name,
      generation: String(BigInt(Math.round(this.#clock.now())) * 1000n + this.#generations),
      contentType,
      metadata: isLink ? { gcsfuse_symlink_target: 'elsewhere' } : metadata,
      size: bytes.length,
      crc32c: crc32c(bytes),
      md5Hash: md5(bytes),
      timeCreated: rfc3339(this.#clock.now()),
      path,
      stamp: stampOf(path) ?? '',
    };
  }
}

function stampOf(path: string): string | null {
  try {
    const { mtimeMs, size, ino, ctimeMs } = lstatSync(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return null;
  }
}

function isPath(name: string): boolean {
  return (
    name !== '' && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !name.includes('\0')
  );
}
