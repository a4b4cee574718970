import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Disposable } from '../../../core/event.ts';

/**
 * At most one process holds the lock of a folder. The system itself lets go of it when the process ends, however it ends,
 * so there is no stale lock to judge. null when another process has it.
 */
export function takeLock(folder: string): Disposable | null {
  const database = new DatabaseSync(join(folder, 'supervisor.lock'));
  try {
    // Several that try at once are in each other's way for a moment, and none would get it without a little patience.
    database.exec('PRAGMA busy_timeout = 500; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) {
      return null;
    }
    throw error;
  }
  return {
    dispose: () => {
      database.close();
    },
  };
}

const sqliteBusy = 5;
