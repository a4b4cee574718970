import type { StoredObject } from './buckets.ts';
import { preconditionFailed } from './storageError.ts';

/** Throws 412 where the object is not as the request wants it; generation 0 is that of an object that is not there. */
export function checkPreconditions(query: URLSearchParams, object: StoredObject | undefined): void {
  const actual = object?.generation ?? '0';
  const wanted = query.get('ifGenerationMatch');
  const unwanted = query.get('ifGenerationNotMatch');
  if ((wanted !== null && wanted !== actual) || (unwanted !== null && unwanted === actual)) {
    throw preconditionFailed();
  }
}
