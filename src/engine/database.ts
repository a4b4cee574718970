import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ProviderError } from '../core/providerError.ts';
import { migrate, refuseNewer } from './migrate.ts';
import { migrations } from './schema.ts';
import { checkStore } from './storeCheck.ts';
import { explainStoreError, isDamage } from './storeError.ts';
import { StoreLock } from './storeLock.ts';

/** In ms: how long a writer waits for another process's write, and who opens a damaged file for the others to let go of it. */
const busyTimeout = 5_000;
const aloneTimeout = 5_000;

const fileName = 'aloft.db';
const asidePrefix = `${fileName}.damaged-`;

export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** What was wrong with the file that this one took the place of just now. */
  readonly damage: string | null;
  readonly close: () => void;
}

/**
 * Opens the store's file and brings its schema up to date; several processes may do so at once. A file that SQLite cannot read,
 * or that lost its bytes, is set aside with its journal, with `stamp` in its name, and an empty one takes its place. Throws
 * NewerStoreError when a newer Aloft wrote the file, and a ProviderError when the disk is full, the folder cannot be written, or
 * another process still has the damaged file open.
 */
export function openDatabase(folder: string, stamp: string): OpenDatabase {
  const file = join(folder, fileName);
  let lock: StoreLock | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    lock = new StoreLock(join(folder, 'aloft.lock'));
    lock.share();
    const opened = openOrReplace(file, stamp, lock);
    const held = lock;
    return {
      ...opened,
      close: () => {
        closeFile(opened.database, file);
        held.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw explainStoreError(error, file);
  }
}

/** The newest file that was set aside in this folder, if there is one. */
export function newestSetAside(folder: string): string | undefined {
  const names = readdirSync(folder).filter((name) => name.startsWith(asidePrefix) && !/-(?:wal|shm)$/u.test(name));
  const newest = names.toSorted().at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

type Opened = Pick<OpenDatabase, 'database' | 'damage'>;

/** Why there is no database to open: SQLite's words, or null when there is no file, as on the first start. */
interface Unsound {
  readonly database: undefined;
  readonly damage: string | null;
}

function openOrReplace(file: string, stamp: string, lock: StoreLock): Opened {
  const deadline = performance.now() + aloneTimeout;
  while (performance.now() < deadline) {
    const seen = look(file);
    if (seen.database !== undefined) {
      return seen;
    }
    const made = lock.alone(() => {
      // Another process may have replaced it just before this one was alone.
      const now = look(file);
      return now.database === undefined ? replace(file, stamp, now.damage) : now;
    });
    if (made !== undefined) {
      return made;
    }
  }
  throw new ProviderError(
    'conflict',
    `The list of jobs (${file}) is damaged or gone, and another window still uses it.`,
    {
      remedy: 'Close the other windows, then reload this one.',
    },
  );
}

function look(file: string): Opened | Unsound {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined || size === 0) {
    return { database: undefined, damage: size === undefined ? null : 'the file is empty' };
  }
  try {
    return { database: openFile(file), damage: null };
  } catch (error) {
    if (isDamage(error)) {
      return { database: undefined, damage: error.message };
    }
    throw error;
  }
}

/** Only while no other process has the file open. */
function replace(file: string, stamp: string, damage: string | null): Opened {
  for (const suffix of damage === null ? [] : ['-shm', '-wal', '']) {
    if (existsSync(file + suffix)) {
      renameSync(file + suffix, join(dirname(file), asidePrefix + stamp + suffix));
    }
  }
  return { database: openFile(file), damage };
}

function openFile(file: string): DatabaseSync {
  // Loaded here and not above: only a window that needs the store pays for it.
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  const database = new Database(file, { timeout: busyTimeout });
  try {
    refuseNewer(database, migrations);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    checkStore(database, file);
    migrate(database, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Checks it while nobody waits, so that opening it again is quick. */
function closeFile(database: DatabaseSync, file: string): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    checkStore(database, file);
  } catch {
    // Whoever opens it next finds out.
  }
  database.close();
}
