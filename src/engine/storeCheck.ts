import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { DamagedError } from './storeError.ts';

/**
 * Looks through the whole file for damage, unless it is exactly as it was when it was last looked through: that takes long where
 * there are many jobs. Throws DamagedError.
 */
export function checkStore(database: DatabaseSync, file: string): void {
  const mark = markOf(file);
  if (mark === knownMark(file)) {
    return;
  }
  const row = database.prepare('PRAGMA quick_check(1)').get();
  const [verdict] = Object.values(row ?? {});
  if (verdict !== 'ok') {
    throw new DamagedError(String(verdict));
  }
  try {
    writeFileSync(markFile(file), mark);
  } catch {
    // As on a full disk: the next one looks again.
  }
}

/** The next one looks through the file again. */
export function forgetCheck(file: string): void {
  rmSync(markFile(file), { force: true });
}

/** What every change of the file changes, whoever made it. */
function markOf(file: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

function knownMark(file: string): string | undefined {
  try {
    return readFileSync(markFile(file), 'utf8');
  } catch {
    return undefined;
  }
}

function markFile(file: string): string {
  return `${file}.checked`;
}
