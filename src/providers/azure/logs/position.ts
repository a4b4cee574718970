import * as z from 'zod/mini';

import type { LogCursor } from '../../../core/logChunk.ts';
import { logStreamOf } from './logStream.ts';

/** How far one file was read. */
export interface FilePosition {
  readonly offset: number;
  /** When the file was made, in s since 1970, which tells it from one that took its place; 0: not known. */
  readonly madeAt: number;
}

/** By path. */
export type Position = ReadonlyMap<string, FilePosition>;

const positionSchema = z.record(z.string(), z.tuple([z.int().check(z.nonnegative()), z.int().check(z.nonnegative())]));

/** Most cursors are about these, and every item carries one. */
const usual = { long: 'user_logs/std_log', short: '~' } as const;

export function encodePosition(position: Position): LogCursor {
  return JSON.stringify(
    Object.fromEntries(
      [...position].map(([path, { offset, madeAt }]) => [
        path.startsWith(usual.long) ? usual.short + path.slice(usual.long.length) : path,
        [offset, madeAt],
      ]),
    ),
  ) as LogCursor;
}

/** null, or no cursor of ours: the beginning. Showing something twice is better than leaving it out. */
export function decodePosition(cursor: LogCursor | null): Map<string, FilePosition> {
  try {
    const entries = Object.entries(z.parse(positionSchema, JSON.parse(cursor ?? '{}'))).map(
      ([path, [offset, madeAt]]) =>
        [
          path.startsWith(usual.short) ? usual.long + path.slice(usual.short.length) : path,
          { offset, madeAt },
        ] as const,
    );
    return new Map(entries.filter(([path]) => logStreamOf(path) !== null));
  } catch {
    return new Map();
  }
}
