import type { LogCursor } from '../../core/logChunk.ts';
import type { OutputStream } from './outputOrder.ts';

/** Where a reader stands: bytes handed out of each file, and records of the order that are done with. */
export interface Position extends Readonly<Record<OutputStream, number>> {
  readonly records: number;
  /** The gap that may follow the end was handed out. */
  readonly closed: boolean;
}

export function encodeCursor({ records, stdout, stderr, closed }: Position): LogCursor {
  const text = `${records}:${stdout}:${stderr}:${closed ? 1 : 0}`;
  if (!isCursor(text)) {
    throw new RangeError(`"${text}" cannot be a position in a log`);
  }
  return text;
}

/** null: the beginning. So is a cursor that is not one of ours: showing something twice is better than leaving it out. */
export function decodeCursor(cursor: LogCursor | null): Position {
  const [records = 0, stdout = 0, stderr = 0, closed = 0] =
    cursor !== null && isCursor(cursor) ? cursor.split(':').map(Number) : [];
  return { records, stdout, stderr, closed: closed === 1 };
}

const cursorPattern = /^[0-9]{1,15}:[0-9]{1,15}:[0-9]{1,15}:[01]$/u;

function isCursor(text: string): text is LogCursor {
  return cursorPattern.test(text);
}
