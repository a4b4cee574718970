import { isStamp, type Stamp } from './stampedLines.ts';

/** Where a reader stands in the output of one rank: in which pod, and after what there. */
export interface Position {
  /** Of the pod. */
  readonly uid: string;
  /** When the pod was made, as RFC 3339: later ones took its place. */
  readonly created: string;
  /** Time of the newest line that was handed out, whole or in part; null before the first. */
  readonly stamp: Stamp | null;
  /** Whole lines that carry that time and were handed out. */
  readonly lines: number;
  /** Bytes of a further line with that time that were handed out. */
  readonly bytes: number;
  /** Everything that this pod will ever print was handed out. */
  readonly isDone: boolean;
}

export function startOf(uid: string, created: string): Position {
  return { uid, created, stamp: null, lines: 0, bytes: 0, isDone: false };
}

/** One field of a cursor. None of its parts holds a comma or a semicolon. */
export function positionText(index: number, position: Position): string {
  const { uid, created, stamp, lines, bytes, isDone } = position;
  return [index, uid, created, stamp ?? '', lines, bytes, isDone ? 1 : 0].join(',');
}

export function readPosition(text: string): { readonly index: number; readonly position: Position } | null {
  const [index = '', uid = '', created = '', stamp = '', lines = '', bytes = '', isDone = ''] = text.split(',');
  const numbers = [index, lines, bytes, isDone];
  if (!numbers.every((digits) => /^\d{1,15}$/u.test(digits)) || (stamp !== '' && !isStamp(stamp))) {
    return null;
  }
  return {
    index: Number(index),
    position: {
      uid,
      created,
      stamp: isStamp(stamp) ? stamp : null,
      lines: Number(lines),
      bytes: Number(bytes),
      isDone: isDone === '1',
    },
  };
}
