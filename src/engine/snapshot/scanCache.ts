import { hash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, literal, nullable, number, object, string, tuple } from 'zod/mini';
import type { SnapshotId } from '../../core/job.ts';
import { sameStamp } from './readSettled.ts';
import type { FileStamp } from './readSettled.ts';
import { isSnapshotId } from './snapshotStore.ts';

/** What is remembered of a file, so that it is not read again while its stamp is the same. */
export interface KnownFile {
  readonly stamp: FileStamp;
  readonly sha256: string;
  /** Why its content looks like it holds a secret. */
  readonly secret: string | null;
}

const cacheSchema = object({
  version: literal(1),
  last: nullable(string()),
  files: array(tuple([string(), number(), number(), number(), number(), string(), nullable(string())])),
});

/** What is remembered of one folder between runs. It can always be thrown away: everything is read again then. */
export class ScanCache {
  readonly #path: string;
  readonly #known: ReadonlyMap<string, KnownFile>;
  readonly #next = new Map<string, KnownFile>();
  readonly #lastBefore: SnapshotId | null;
  #isChanged = false;
  last: SnapshotId | null;

  private constructor(path: string, known: ReadonlyMap<string, KnownFile>, last: SnapshotId | null) {
    this.#path = path;
    this.#known = known;
    this.#lastBefore = last;
    this.last = last;
  }

  static open(cacheFolder: string, root: string): ScanCache {
    const path = join(cacheFolder, `${hash('sha256', root).slice(0, 32)}.json`);
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      // None yet, or one that cannot be read: as good as none.
      json = null;
    }
    const parsed = cacheSchema.safeParse(json);
    if (!parsed.success) {
      return new ScanCache(path, new Map(), null);
    }
    const known = parsed.data.files.map(([file, size, mtimeMs, ctimeMs, ino, sha256, secret]): [string, KnownFile] => [
      file,
      { stamp: { size, mtimeMs, ctimeMs, ino }, sha256, secret },
    ]);
    const { last } = parsed.data;
    return new ScanCache(path, new Map(known), last !== null && isSnapshotId(last) ? last : null);
  }

  /** What is known of the file, if it is still the same one. */
  find(path: string, stamp: FileStamp): KnownFile | null {
    const known = this.#next.get(path) ?? this.#known.get(path);
    if (known === undefined || !sameStamp(known.stamp, stamp)) {
      return null;
    }
    this.#next.set(path, known);
    return known;
  }

  remember(path: string, file: KnownFile): void {
    this.#next.set(path, file);
    this.#isChanged = true;
  }

  /** Writes what was found or remembered since `open`, if it differs from what was read. */
  save(): void {
    if (!this.#isChanged && this.last === this.#lastBefore && this.#next.size === this.#known.size) {
      return;
    }
    const files = [...this.#next].map(([path, { stamp, sha256, secret }]) => [
      path,
      stamp.size,
      stamp.mtimeMs,
      stamp.ctimeMs,
      stamp.ino,
      sha256,
      secret,
    ]);
    mkdirSync(join(this.#path, '..'), { recursive: true, mode: 0o700 });
    const unfinished = `${this.#path}.${process.pid}-${randomUUID()}`;
    try {
      writeFileSync(unfinished, JSON.stringify({ version: 1, last: this.last, files }), { mode: 0o600, flag: 'wx' });
      renameSync(unfinished, this.#path);
    } finally {
      rmSync(unfinished, { force: true });
    }
  }
}
