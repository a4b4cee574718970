import type { DatabaseSync } from 'node:sqlite';
import { explainStoreError } from './storeError.ts';

/**
 * Runs `work` in one write transaction: all of it is written afterwards, or none of it. It outlives the process at once, the
 * machine only a moment later. Throws a ProviderError that says what to do when the file cannot be written.
 */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) {
      database.exec('ROLLBACK');
    }
    throw explainStoreError(error, database.location() ?? '');
  }
}

/** The same, but it is on the disk before it returns: what must not be forgotten even if the machine loses power. */
export function durableTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA synchronous = FULL');
  try {
    return transaction(database, work);
  } finally {
    database.exec('PRAGMA synchronous = NORMAL');
  }
}
