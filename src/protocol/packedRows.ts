import type { EpochMs } from '../core/job.ts';
import type { LogToWebview, LogRowView } from './logView.ts';

/** A value, and for how many rows on end it holds. */
type Run<T> = readonly [value: T, rows: number];

/** What few rows have. */
type Rarity = Partial<Pick<LogRowView, 'cutBytes' | 'rewrites' | 'gap' | 'gapCause' | 'level' | 'links'>>;

/**
 * Rows as they travel to a webview. VS Code writes and reads a message as JSON twice on its way, so what rows have in common is said
 * once, and their texts go as one.
 */
export interface PackedRows {
  /** Joined by line feeds, which no text of a row holds. */
  readonly texts: string;
  /** The first of lines that follow each other. */
  readonly lines: readonly Run<number>[];
  readonly streams: readonly Run<number>[];
  readonly times: readonly Run<EpochMs | null>[];
  readonly rare: readonly (readonly [index: number, Rarity])[];
}

type Packed<Message> = Message extends { readonly type: 'logRows' }
  ? Omit<Message, 'rows'> & { readonly rows: PackedRows }
  : Message extends { readonly type: 'logState'; readonly tail: (infer Tail) | null }
    ? Omit<Message, 'tail'> & { readonly tail: PackedTail<Tail> | null }
    : Message;

type PackedTail<Tail> = Omit<Tail, 'rows' | 'partial'> & { readonly rows: PackedRows; readonly partial: PackedRows };

/** What the extension tells a log viewer, as it travels. */
export type PackedToWebview = Packed<LogToWebview>;

export function packed(message: LogToWebview): PackedToWebview {
  switch (message.type) {
    case 'logRows':
      return { ...message, rows: packRows(message.rows) };
    case 'logState': {
      const { tail } = message;
      return {
        ...message,
        tail: tail === null ? null : { from: tail.from, rows: packRows(tail.rows), partial: packRows(tail.partial) },
      };
    }
    default:
      return message;
  }
}

export function unpacked(message: PackedToWebview): LogToWebview {
  switch (message.type) {
    case 'logRows':
      return { ...message, rows: unpackRows(message.rows) };
    case 'logState': {
      const { tail } = message;
      return {
        ...message,
        tail:
          tail === null ? null : { from: tail.from, rows: unpackRows(tail.rows), partial: unpackRows(tail.partial) },
      };
    }
    default:
      return message;
  }
}

export function packRows(rows: readonly LogRowView[]): PackedRows {
  return {
    texts: rows.map(({ text }) => text).join('\n'),
    lines: runs(
      rows,
      ({ line }) => line,
      (first, rowsBefore) => first + rowsBefore,
    ),
    streams: runs(rows, ({ stream }) => stream, same),
    times: runs(rows, ({ time }) => time, same),
    rare: rows.flatMap((row, index) => {
      const rarity = rarityOf(row);
      return rarity === null ? [] : [[index, rarity] as const];
    }),
  };
}

export function unpackRows({ texts, lines, streams, times, rare }: PackedRows): readonly LogRowView[] {
  const numbers = lines.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index));
  const streamOf = repeated(streams);
  const timeOf = repeated(times);
  const text = texts.split('\n');
  const rows = numbers.map((line, index): LogRowView => ({
    ...plain,
    line,
    stream: streamOf[index] ?? -1,
    time: timeOf[index] ?? null,
    text: text[index] ?? '',
  }));
  for (const [index, rarity] of rare) {
    const row = rows[index];
    if (row !== undefined) {
      rows[index] = { ...row, ...rarity };
    }
  }
  return rows;
}

const plain = { cutBytes: 0, rewrites: 0, gap: null, level: null, links: [] } as const;

function same<T>(value: T): T {
  return value;
}

/** `next`: what the value is so many rows after the first of its run. */
function runs<T>(
  rows: readonly LogRowView[],
  valueOf: (row: LogRowView) => T,
  next: (first: T, rowsBefore: number) => T,
): readonly Run<T>[] {
  const found: [T, number][] = [];
  for (const row of rows) {
    const value = valueOf(row);
    const last = found.at(-1);
    if (last !== undefined && next(last[0], last[1]) === value) {
      last[1] += 1;
    } else {
      found.push([value, 1]);
    }
  }
  return found;
}

function repeated<T>(all: readonly Run<T>[]): readonly T[] {
  return all.flatMap(([value, count]) => Array.from({ length: count }, () => value));
}

function rarityOf({ cutBytes, rewrites, gap, gapCause, level, links }: LogRowView): Rarity | null {
  const rarity: Rarity = {
    ...(cutBytes === 0 ? {} : { cutBytes }),
    ...(rewrites === 0 ? {} : { rewrites }),
    ...(gap === null ? {} : { gap }),
    ...(gapCause === undefined ? {} : { gapCause }),
    ...(level === null ? {} : { level }),
    ...(links.length === 0 ? {} : { links }),
  };
  return Object.keys(rarity).length === 0 ? null : rarity;
}
