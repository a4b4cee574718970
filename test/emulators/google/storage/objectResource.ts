import type { StoredObject } from './buckets.ts';

/** An object as the JSON API shows it. */
export function objectResource(object: StoredObject): object {
  const { bucket, name, generation, contentType, metadata, size, md5Hash, timeCreated } = object;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    storageClass: 'STANDARD',
    size: String(size),
    md5Hash,
    crc32c: object.crc32c,
    timeCreated,
    updated: timeCreated,
    metadata,
  };
}
