import { statSync, truncateSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isBusy } from './storeError.ts';

/** In ms. */
const shareWithin = 5_000;
const aloneWithin = 100;

/**
 * Says who uses the store: every process shares this lock for as long as it has the store open, and the system takes it from one
 * that dies. Only who is alone may make the store's file or set it aside, for a file that is moved while another process writes
 * it loses what that one writes. The lock is an empty SQLite file, since SQLite locks files on every system.
 */
export class StoreLock {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      truncateSync(file);
    }
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
    this.#database = new Database(file);
  }

  share(): void {
    this.#begin('BEGIN; SELECT count(*) FROM sqlite_schema', shareWithin);
  }

  /** Runs `work` while no other process has the store open; undefined, and not run, when one has. Shares the lock again. */
  alone<T>(work: () => T): T | undefined {
    this.#release();
    try {
      this.#begin('BEGIN EXCLUSIVE', aloneWithin);
      return work();
    } catch (error) {
      if (isBusy(error)) {
        return undefined;
      }
      throw error;
    } finally {
      this.#release();
      this.share();
    }
  }

  #begin(sql: string, withinMs: number): void {
    this.#database.exec(`PRAGMA busy_timeout = ${withinMs}; ${sql}`);
  }

  #release(): void {
    if (this.#database.isTransaction) {
      this.#database.exec('ROLLBACK');
    }
  }

  close(): void {
    this.#database.close();
  }
}
