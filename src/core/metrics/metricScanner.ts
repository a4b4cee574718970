import { type LineShape, lineShape } from './lineShape.ts';
import { printedNumber } from './printedNumber.ts';
import { longestLine, readLine } from './readLine.ts';
import type { RecordWriter } from './recordWriter.ts';
import { ShapeTree, windowBytes } from './shapeTree.ts';
import { visibleText } from './visibleText.ts';
import type { UserPattern } from './userPattern.ts';
import { userValues } from './userPattern.ts';

const newline = 10;
const carriageReturn = 13;
/** Escape sequences come on top of what is visible. */
export const longestPiece = 4 * longestLine;
const mostCandidates = 8192;
const nothing = new Uint8Array(0);

/**
 * Finds the metrics in the bytes of a log as they arrive, and writes them down. Each version of a line that rewrites itself
 * (`\r`) counts, so that a progress bar is a curve. What comes out is what `lineMetrics` says of each, but a line that differs from
 * an earlier one in its digits only is not read anew.
 */
export class MetricScanner {
  readonly #records: RecordWriter;
  readonly #source: number;
  readonly #patterns: readonly UserPattern[];
  /** What the user described is found in no other way. */
  readonly #ownNames: ReadonlySet<string>;
  readonly #shapes: ShapeTree;
  /** Shapes seen once. Only a second line makes one worth keeping. */
  readonly #seen = new Set<string>();
  /** One byte is one character, so offsets are the same. */
  readonly #latin1 = new TextDecoder('latin1');
  readonly #utf8 = new TextDecoder();
  #rest = nothing;
  /** The rest is of a piece that is too long already. */
  #skipping = false;
  /** Number of the line that comes next or is not complete. */
  line = 0;

  /**
   * @param records Takes the points.
   * @param patterns May be slow or never end on some line, so a scanner with any belongs in a worker that can be terminated.
   * @param source Of these lines, for their records.
   */
  constructor(records: RecordWriter, patterns: readonly UserPattern[] = [], source = 0) {
    this.#records = records;
    this.#patterns = patterns;
    this.#source = source;
    this.#ownNames = new Set(patterns.map(({ name }) => name));
    this.#shapes = new ShapeTree(records, source);
  }

  /**
   * Goes on in the middle of a line, whatever came before.
   * @param beginning Of that line, or the last `longestPiece` bytes of it and one more.
   */
  resume(beginning: Uint8Array): void {
    this.#rest = nothing;
    this.#skipping = false;
    this.#keep(beginning.subarray(beginning.lastIndexOf(carriageReturn) + 1));
  }

  /** The next bytes of the log, cut anywhere. What has no line end yet is kept for the next call. */
  push(bytes: Uint8Array): void {
    const afterLine = bytes.lastIndexOf(newline) + 1;
    const end = afterLine + bytes.subarray(afterLine).lastIndexOf(carriageReturn) + 1;
    let start = 0;
    if (end > 0 && (this.#rest.length > 0 || this.#skipping)) {
      start = pieceEnd(bytes, 0) + 1;
      const piece = joined(this.#rest, bytes.subarray(0, start));
      this.#rest = nothing;
      if (this.#skipping) {
        this.#skipping = false;
        this.line += bytes[start - 1] === newline ? 1 : 0;
      } else {
        this.#scan(piece, 0, piece.length);
      }
    }
    this.#scan(bytes, start, end);
    this.#keep(bytes.subarray(end));
  }

  /** The log has ended: its last line counts although it has no end. */
  end(): void {
    if (this.#rest.length > 0) {
      const piece = joined(this.#rest, Uint8Array.of(newline));
      this.#rest = nothing;
      this.#scan(piece, 0, piece.length);
    }
  }

  #keep(rest: Uint8Array): void {
    if (rest.length > 0 && !this.#skipping) {
      this.#rest = joined(this.#rest, rest);
      this.#skipping = this.#rest.length > longestPiece;
      this.#rest = this.#skipping ? nothing : this.#rest;
    }
  }

  /** `end` is behind a line end. */
  #scan(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const window = bytes.subarray(at, Math.min(end, at + windowBytes));
      const length = Math.max(window.lastIndexOf(newline), window.lastIndexOf(carriageReturn)) + 1;
      if (length === 0) {
        at = this.#scanPiece(bytes, at);
      } else {
        this.#scanWindow(window.subarray(0, length));
        at += length;
      }
    }
  }

  #scanWindow(pieces: Uint8Array): void {
    if (this.#patterns.length === 0) {
      this.#shapes.load(pieces);
    }
    for (let at = 0; at < pieces.length;) {
      if (this.#patterns.length === 0) {
        const { end, lines } = this.#shapes.read(at, this.line);
        at = end;
        this.line += lines;
      }
      if (at < pieces.length) {
        at = this.#scanPiece(pieces, at);
      }
    }
  }

  /** Reads a piece for itself; gives where the next one begins. */
  #scanPiece(bytes: Uint8Array, start: number): number {
    const stop = pieceEnd(bytes, start);
    this.#readSlowly(bytes.subarray(start, stop + 1), this.line);
    this.line += bytes[stop] === newline ? 1 : 0;
    return stop + 1;
  }

  /** @param piece With the byte that ends it. */
  #readSlowly(piece: Uint8Array, line: number): void {
    if (piece.length > longestPiece) {
      return;
    }
    const text = piece.subarray(0, -1);
    const source = this.#latin1.decode(text);
    const visible = visibleText(source);
    const reading = readLine(visible.text);
    const number = (span: { start: number; end: number } | null, power = 0): number | null =>
      span === null ? null : printedNumber(visible.text.slice(span.start, span.end), power);
    const rank = number(reading.rank);
    const step = number(reading.step);
    const epoch = number(reading.epoch);
    const at = { rank, step, epoch };
    const found = reading.values.filter(({ name }) => !this.#ownNames.has(name));
    this.#write(
      line,
      at,
      found.map(({ name }) => name),
      found.map(({ span, power, inverse }) => {
        const value = number(span, power) ?? Number.NaN;
        return inverse ? 1 / value : value;
      }),
    );
    if (this.#patterns.length > 0) {
      const printed = visibleText(this.#utf8.decode(text)).text;
      for (const { name, value, step: own } of userValues(this.#patterns, printed)) {
        this.#write(line, { ...at, step: own ?? step }, [name], [value]);
      }
      return;
    }
    const shape = lineShape(source, visible, reading);
    if (shape !== undefined) {
      this.#learn(shape, piece);
    }
  }

  #write(
    line: number,
    at: { readonly rank: number | null; readonly step: number | null; readonly epoch: number | null },
    names: readonly string[],
    values: readonly number[],
  ): void {
    if (names.length > 0) {
      const { rank, step, epoch } = at;
      const printed = { hasRank: rank !== null, hasStep: step !== null, hasEpoch: epoch !== null };
      this.#records.add(this.#records.kind({ names, ...printed, source: this.#source }), line, at, values);
    }
  }

  #learn(shape: LineShape, piece: Uint8Array): void {
    if (this.#seen.delete(shape.text)) {
      this.#shapes.learn(shape, piece);
    } else {
      if (this.#seen.size >= mostCandidates) {
        this.#seen.clear();
      }
      this.#seen.add(shape.text);
    }
  }
}

/** The next line end or carriage return. */
function pieceEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== newline && bytes[at] !== carriageReturn) {
    at += 1;
  }
  return at;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
