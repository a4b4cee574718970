import type { DatabaseSync } from 'node:sqlite';
import { transaction } from './transaction.ts';

export class NewerStoreError extends Error {
  override readonly name = 'NewerStoreError';
}

/**
 * Brings a database up to date: one migration per version, in order, all of them or none; several processes may do so at once.
 * Throws NewerStoreError, and changes nothing, when the file has a version above the last.
 */
export function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  refuseNewer(database, migrations);
  if (versionOf(database) === migrations.length) {
    return;
  }
  transaction(database, () => {
    // Read again inside the transaction: another process may have migrated meanwhile.
    refuseNewer(database, migrations);
    for (const [index, migration] of migrations.entries()) {
      if (index >= versionOf(database)) {
        database.exec(`${migration}; PRAGMA user_version = ${index + 1};`);
      }
    }
  });
}

/** Throws NewerStoreError when a newer Aloft wrote the file: whatever else is wrong with it is not ours to judge. */
export function refuseNewer(database: DatabaseSync, migrations: readonly string[]): void {
  const version = versionOf(database);
  if (version > migrations.length) {
    throw new NewerStoreError(
      `The list of jobs was written by a newer Aloft (schema ${version}, this one knows ${migrations.length}). Update Aloft in this window and reload it.`,
    );
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
