import type { EpochMs } from '../../core/job.ts';

/** How far one stream was read. */
export interface StreamPosition {
  /** Where its unfinished line starts. */
  readonly start: number;
  /** How many of its bytes have arrived. */
  readonly taken: number;
  /** When the last of them did. */
  readonly time: EpochMs | null;
}

export const streamStart: StreamPosition = { start: 0, taken: 0, time: null };

/** A place in a log: what came before it. */
export interface LogMark {
  /** Complete lines and gap markers; where the log rests, unfinished lines too. */
  readonly line: number;
  /** Records of the order of arrival. */
  readonly records: number;
  /** By position of the stream; those that come later have not begun. */
  readonly streams: readonly StreamPosition[];
  /** Nothing more is expected: the unfinished line of each stream counts as one, after all others and in the order of the streams. */
  readonly isAtRest?: true;
}

export const logStart: LogMark = { line: 0, records: 0, streams: [] };

/** What arrived next: bytes of one stream, or a marker that something is missing. */
export type Arrival =
  | { readonly kind: 'bytes'; readonly stream: number; readonly bytes: number; readonly time: EpochMs | null }
  | { readonly kind: 'gap'; readonly gap: number; readonly time: EpochMs };

/** A line that is a marker: something is missing there. `gap`: its position among the log's gaps. */
export interface GapMark {
  readonly line: number;
  readonly gap: number;
}

/** Where the bytes of a complete line lie. */
export interface TextSpan {
  readonly kind: 'line';
  readonly stream: number;
  /** Offsets in the stream's file; the line feed at `end` is not part of the line. */
  readonly start: number;
  readonly end: number;
  readonly time: EpochMs | null;
}

/** Where a complete line lies, or that something is missing. */
export type LineSpan = TextSpan | { readonly kind: 'gap'; readonly gap: number; readonly time: EpochMs };

/** The mark at which a log rests that was read so far. The same mark when no line is unfinished. */
export function atRest(mark: LogMark): LogMark {
  const unfinished = mark.streams.filter(({ start, taken }) => taken > start).length;
  return unfinished === 0 || mark.isAtRest === true ? mark : { ...mark, line: mark.line + unfinished, isAtRest: true };
}

/** Where a log goes on that rested at a mark. */
export function resumed({ line, records, streams, isAtRest }: LogMark): LogMark {
  const unfinished = isAtRest === true ? streams.filter(({ start, taken }) => taken > start).length : 0;
  return { line: line - unfinished, records, streams };
}

const newline = 10;

/** Goes through a log in its order of arrival from a mark on. A line stands where it was completed. */
export class LineReplay {
  #line: number;
  #records: number;
  readonly #starts: number[];
  readonly #taken: number[];
  readonly #times: (EpochMs | null)[];

  constructor(from: LogMark) {
    this.#line = from.line;
    this.#records = from.records;
    this.#starts = from.streams.map(({ start }) => start);
    this.#taken = from.streams.map(({ taken }) => taken);
    this.#times = from.streams.map(({ time }) => time);
  }

  get line(): number {
    return this.#line;
  }

  get records(): number {
    return this.#records;
  }

  taken(stream: number): number {
    return this.#taken[stream] ?? 0;
  }

  start(stream: number): number {
    return this.#starts[stream] ?? 0;
  }

  get mark(): LogMark {
    const streams = Array.from({ length: this.#taken.length }, (_, stream) => ({
      start: this.start(stream),
      taken: this.taken(stream),
      time: this.#times[stream] ?? null,
    }));
    return { line: this.#line, records: this.#records, streams };
  }

  gap(): void {
    this.#records += 1;
    this.#line += 1;
  }

  /** Bytes of a stream that complete so many lines. */
  count(stream: number, bytes: Uint8Array, lines: number, time: EpochMs | null): void {
    const taken = this.taken(stream);
    this.#line += lines;
    this.#move(
      stream,
      taken + bytes.byteLength,
      lines === 0 ? this.start(stream) : taken + bytes.lastIndexOf(newline) + 1,
      time,
    );
  }

  /** The lines that these bytes complete. */
  lines(stream: number, bytes: Uint8Array, time: EpochMs | null): readonly TextSpan[] {
    const taken = this.taken(stream);
    const spans: TextSpan[] = [];
    let start = this.start(stream);
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
      spans.push({ kind: 'line', stream, start, end: taken + at, time });
      start = taken + at + 1;
    }
    this.#line += spans.length;
    this.#move(stream, taken + bytes.byteLength, start, time);
    return spans;
  }

  #move(stream: number, taken: number, start: number, time: EpochMs | null): void {
    for (let missing = this.#taken.length; missing <= stream; missing += 1) {
      this.#taken[missing] = 0;
      this.#starts[missing] = 0;
      this.#times[missing] = null;
    }
    this.#records += 1;
    this.#taken[stream] = taken;
    this.#starts[stream] = start;
    this.#times[stream] = time;
  }
}
