import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { migrations } from './schema.ts';

/** How long a writer waits for another process's write, in ms. */
const busyTimeout = 5_000;

export interface Damage {
  readonly movedTo: string;
  readonly reason: string;
}

export class NewerStoreError extends Error {
  override readonly name = 'NewerStoreError';
}

/**
 * Opens the store's file and brings its schema up to date; several processes may do so at once. A file that SQLite cannot read
 * is set aside with its journal and reported, and an empty one takes its place. Throws NewerStoreError when a newer Aloft
 * wrote the file, and the system's error when the disk is full or the folder cannot be written.
 */
export function openDatabase(folder: string, stamp: string): { database: DatabaseSync; damaged: Damage | null } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'aloft.db');
  try {
    return { database: openFile(file), damaged: null };
  } catch (error) {
    if (!isDamage(error)) {
      throw error;
    }
    const movedTo = `${file}.damaged-${stamp}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) {
        renameSync(file + suffix, movedTo + suffix);
      }
    }
    return { database: openFile(file), damaged: { movedTo, reason: error.message } };
  }
}

function openFile(file: string): DatabaseSync {
  // Loaded here and not above: only a window that needs the store pays for it.
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  const database = new Database(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${busyTimeout}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;`);
    quickCheck(database);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function quickCheck(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA quick_check(1)').get();
  const [verdict] = Object.values(row ?? {});
  if (verdict !== 'ok') {
    throw Object.assign(new Error(String(verdict)), { errcode: sqliteCorrupt });
  }
}

function migrate(database: DatabaseSync): void {
  const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version() > migrations.length) {
    throw new NewerStoreError(
      `The list of jobs was written by a newer Aloft (schema ${version()}, this one knows ${migrations.length}). Update Aloft in this window.`,
    );
  }
  if (version() === migrations.length) {
    return;
  }
  transaction(database, () => {
    // Read again inside the transaction: another process may have migrated meanwhile.
    for (const [index, migration] of migrations.entries()) {
      if (index >= version()) {
        database.exec(`${migration}; PRAGMA user_version = ${index + 1};`);
      }
    }
  });
}

/** Runs `work` in one write transaction: all of it is on disk afterwards, or none of it. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) {
      database.exec('ROLLBACK');
    }
    throw error;
  }
}

/** Each statement is prepared once per connection. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** SQLite's result codes for a file that is no database or not whole (https://sqlite.org/rescode.html). */
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') {
    return false;
  }
  const primary = error.errcode & 0xff;
  return primary === sqliteCorrupt || primary === sqliteNotADatabase;
}
