import { isStamp, type Stamp } from './stampedLines.ts';

/** Where a reader stands in the output of one rank: in which pod, and after what there. */
export interface Position {
  /** Of the pod. */
  readonly uid: string;
  /** When the pod was made, as RFC 3339: later ones took its place. */
  readonly created: string;
  /** The latest time of a line that was handed out, whole or in part; null before the first. */
  readonly stamp: Stamp | null;
  /** The earliest time from the first line with that time on: earlier only where the node's clock was set back. */
  readonly since: Stamp | null;
  /** Whole lines that were handed out from the first line with that time on. */
  readonly lines: number;
  /** Bytes of a further line that were handed out. */
  readonly bytes: number;
  /** Everything that this pod will ever print was handed out. */
  readonly isDone: boolean;
}

export function startOf(uid: string, created: string): Position {
  return { uid, created, stamp: null, since: null, lines: 0, bytes: 0, isDone: false };
}

/** One field of a cursor. None of its parts holds a comma or a semicolon. */
export function positionText(index: number, position: Position): string {
  const { uid, created, stamp, since, lines, bytes, isDone } = position;
  return [index, uid, created, stamp ?? '', lines, bytes, isDone ? 1 : 0, since ?? ''].join(',');
}

export function readPosition(text: string): { readonly index: number; readonly position: Position } | null {
  const [index = '', uid = '', created = '', stamp = '', lines = '', bytes = '', isDone = '', since = stamp] =
    text.split(',');
  const numbers = [index, lines, bytes, isDone];
  if (
    !numbers.every((digits) => /^\d{1,15}$/u.test(digits)) ||
    [stamp, since].some((each) => each !== '' && !isStamp(each))
  ) {
    return null;
  }
  return {
    index: Number(index),
    position: {
      uid,
      created,
      stamp: isStamp(stamp) ? stamp : null,
      since: isStamp(since) ? since : null,
      lines: Number(lines),
      bytes: Number(bytes),
      isDone: isDone === '1',
    },
  };
}
