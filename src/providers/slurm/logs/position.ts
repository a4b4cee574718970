import * as z from 'zod/mini';

import type { LogCursor, StreamId } from '../../../core/logChunk.ts';

/** How far a file was read, and which file that was. */
export interface FilePosition {
  readonly offset: number;
  readonly inode: string;
}

/** By file name, such as `stdout.t3.n1.log`. */
export type Position = ReadonlyMap<string, FilePosition>;

const fileName = /^(?<name>stdout|stderr|slurm)(?:\.t(?<task>[0-9]{1,10}))?(?:\.n(?<node>[0-9]{1,6}))?\.log$/u;

const positionSchema = z.record(
  z.string(),
  z.tuple([z.int().check(z.nonnegative()), z.string().check(z.regex(/^[0-9]+$/u))]),
);

export function encodePosition(position: Position): LogCursor {
  return JSON.stringify(
    Object.fromEntries([...position].map(([file, { offset, inode }]) => [file, [offset, inode]])),
  ) as LogCursor;
}

/**
 * null: the beginning. So is a cursor that is not one of ours: showing something twice is better than leaving it out. Files that are
 * no streams are left out.
 */
export function decodePosition(cursor: LogCursor | null): Map<string, FilePosition> {
  try {
    const entries = Object.entries(z.parse(positionSchema, JSON.parse(cursor ?? '{}')));
    return new Map(
      entries.filter(([file]) => streamOf(file) !== null).map(([file, [offset, inode]]) => [file, { offset, inode }]),
    );
  } catch {
    return new Map();
  }
}

/** null for a file that is no stream of ours. */
export function streamOf(file: string): StreamId | null {
  const groups = fileName.exec(file)?.groups;
  return groups === undefined
    ? null
    : { name: groups['name'] ?? '', task: Number(groups['task'] ?? 0), node: Number(groups['node'] ?? 0) };
}
