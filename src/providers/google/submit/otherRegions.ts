import type { Bucket } from '../client/bucket.ts';
import { objectOf } from '../paths.ts';
import { isRegion } from '../settings.ts';

interface Place {
  readonly bucket: Bucket;
  /** Of the connection. */
  readonly regions: readonly string[];
}

/** A job may name a region that is none of its connection's: the bucket remembers it, so that its jobs are found again. */
export async function rememberRegion({ bucket, regions }: Place, region: string, signal: AbortSignal): Promise<void> {
  if (!regions.includes(region)) {
    await bucket.write(objectOf.region(region), '', null, signal);
  }
}

/** Those of the connection, and all others to which jobs were sent. */
export async function allRegions({ bucket, regions }: Place, signal: AbortSignal): Promise<readonly string[]> {
  const begin = objectOf.region('');
  const names = (await bucket.list(begin, signal)).map(({ name }) => name.slice(begin.length));
  return [...new Set([...regions, ...names.filter(isRegion)])];
}
