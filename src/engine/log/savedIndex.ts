import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { array, type infer as Infer, int, literal, minLength, nonnegative, number, object, string } from 'zod/mini';

import type { EpochMs } from '../../core/job.ts';
import { openIfThere, readAt } from '../logFiles.ts';
import { orderRecordBytes } from '../logOrder.ts';
import type { GapMark, LogMark } from './lineReplay.ts';
import type { LogFilePaths } from './logSource.ts';

/** Marks along a log, the mark where it ended and where something is missing, see LogIndex. */
export interface IndexMarks {
  readonly marks: readonly LogMark[];
  readonly end: LogMark;
  readonly gaps: readonly GapMark[];
}

const version = 4;
/** Of the beginning and of the end of what was read, in bytes. */
const hashedBytes = 4_096;

const count = int().check(nonnegative());
/** Line, records, then of each stream start, taken and time, 0 where there is none. */
const packedMark = array(count).check(minLength(2));
const content = object({
  version: literal(version),
  /** The streams in order, then the order of arrival if there is one. */
  files: array(object({ inode: count, size: count, modifiedAt: number(), bytes: count, hash: string() })),
  marks: array(packedMark),
  end: packedMark,
  gaps: array(object({ line: count, gap: count })),
});

/** Indexes of files that belong to no job, below the cache folder. */
const indexFolder = 'logIndexes';
/** An index that was not saved anew for so long, in ms, is of a file that nobody looks at any more. */
const oldest = 30 * 24 * 3_600_000;

/** Where the index of a file that belongs to no job is kept. */
export function savedIndexFile(cacheFolder: string, path: string): string {
  return join(cacheFolder, indexFolder, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);
}

/** Never rejects: what cannot be removed only takes room. */
export async function removeOldIndexes(cacheFolder: string, now: EpochMs): Promise<void> {
  const folder = join(cacheFolder, indexFolder);
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > oldest) {
      await rm(file, { force: true }).catch(() => undefined);
    }
  }
}

/**
 * The marks that were saved in `file`, so far as what they cover is on disk unchanged: the same files, longer or not touched since,
 * that begin and end as they did. undefined when nothing (valid) is there.
 */
export async function loadIndex(file: string, paths: LogFilePaths): Promise<IndexMarks | undefined> {
  const parsed = content.safeParse(
    await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => undefined),
  );
  if (!parsed.success) {
    return undefined;
  }
  const { files, marks, end, gaps } = parsed.data;
  const covered = coveredFiles(paths, unpacked(end));
  if (files.length !== covered.length) {
    return undefined;
  }
  for (const [index, { path, bytes }] of covered.entries()) {
    const now = await printOf(path, bytes);
    const then = files[index];
    if (now === undefined || then?.bytes !== bytes || !mayHaveGrown(then, now)) {
      return undefined;
    }
  }
  return { marks: marks.map(unpacked), end: unpacked(end), gaps };
}

/** Rejects with the system's error. */
export async function saveIndex(file: string, paths: LogFilePaths, { marks, end, gaps }: IndexMarks): Promise<void> {
  const files = [];
  for (const { path, bytes } of coveredFiles(paths, end)) {
    const print = await printOf(path, bytes);
    if (print === undefined) {
      return;
    }
    files.push({ ...print, bytes });
  }
  const saved: Infer<typeof content> = { version, files, marks: marks.map(packed), end: packed(end), gaps: [...gaps] };
  await mkdir(dirname(file), { recursive: true });
  // Two viewers of one log may save at once, in one window or in two.
  const temporary = `${file}.${randomUUID()}.new`;
  try {
    await writeFile(temporary, JSON.stringify(saved), { mode: 0o600 });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

function coveredFiles({ streams, order }: LogFilePaths, end: LogMark): readonly { path: string; bytes: number }[] {
  const covered = end.streams.map(({ taken }, stream) => ({ path: streams[stream] ?? '', bytes: taken }));
  return order === null ? covered : [...covered, { path: order, bytes: end.records * orderRecordBytes }];
}

/** What tells a file from another, or from what it was before. */
interface FilePrint {
  readonly inode: number;
  readonly size: number;
  /** In ms since 1970, with parts of them. */
  readonly modifiedAt: number;
  /** Of the beginning and the end of what was read. */
  readonly hash: string;
}

/** Logs only grow: one that was written to and is no longer than before was written anew, however alike its ends are. */
function mayHaveGrown(then: FilePrint, now: FilePrint): boolean {
  const isUntouched = now.size === then.size && now.modifiedAt === then.modifiedAt;
  return now.inode === then.inode && now.hash === then.hash && (isUntouched || now.size > then.size);
}

/** What tells whether the first `bytes` of a file are the same as before; undefined when there are not as many. */
async function printOf(path: string, bytes: number): Promise<FilePrint | undefined> {
  const file = path === '' ? undefined : await openIfThere(path);
  if (file === undefined) {
    return undefined;
  }
  try {
    const { ino, size, mtimeMs } = await file.stat();
    if (size < bytes) {
      return undefined;
    }
    const length = Math.min(hashedBytes, bytes);
    const hash = createHash('sha256');
    hash.update(await readAt(file, 0, length));
    hash.update(await readAt(file, bytes - length, length));
    return { inode: ino, size, modifiedAt: mtimeMs, hash: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

function packed({ line, records, streams }: LogMark): number[] {
  return [line, records, ...streams.flatMap(({ start, taken, time }) => [start, taken, time ?? 0])];
}

function unpacked([line = 0, records = 0, ...positions]: readonly number[]): LogMark {
  const streams = Array.from({ length: positions.length / 3 }, (_, stream) => ({
    start: positions[3 * stream] ?? 0,
    taken: positions[3 * stream + 1] ?? 0,
    time: positions[3 * stream + 2] || null,
  }));
  return { line, records, streams };
}
