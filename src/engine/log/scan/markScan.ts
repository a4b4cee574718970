import { mayBeginFailure } from '../../../core/failure/failureScanner.ts';
import { lineLevel } from '../../../core/failure/level.ts';
import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';
import type { LineLevel } from '../../../core/logRow.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { needleSet } from '../bytes/needles.ts';
import type { RawLog } from '../rawLog.ts';
import { tellingLines } from './levelScan.ts';
import { linesInChunk, orderOf, type ScanChunk, type ScanUnit, type UnitOrder } from './scanUnits.ts';

/** What each line of a unit says by itself. Lines are numbered as in the log, and in order. */
export interface FoundMarks {
  readonly errors: Uint32Array<ArrayBuffer>;
  readonly warnings: Uint32Array<ArrayBuffer>;
  /** Lines that may begin a failure. */
  readonly begins: Uint32Array<ArrayBuffer>;
  /** In the prefixes of lines that were looked at. */
  readonly ranks: readonly number[];
}

/** Lines of each unit and stream whose prefixes are looked at, at least: from all over it, as programs print for long before ranks begin. */
const sampled = 1_000;
/** Begins the lines of a rank that has something to say once in a while, as when it fails: of these all are looked at if not too many. */
const rankWord = needleSet([{ text: '[rank', anyCase: false }]);
/** More ranks are not told apart. */
export const mostRanks = 10_000;

/** Finds what each line of a unit says by itself. */
export async function findMarks(scan: ByteScan, raw: RawLog, unit: ScanUnit): Promise<FoundMarks> {
  const ranks = new Set<number>();
  const telling: { readonly line: number; readonly text: string }[] = [];
  let order: UnitOrder | undefined;
  for (const chunk of unit.chunks) {
    sampleRanks(scan, chunk, ranks);
    const lines = linesInChunk(scan, chunk, (slice) => tellingLines(scan, slice));
    order ??= lines.length === 0 ? undefined : await orderOf(raw, scan, unit, false);
    const texts = new LineTexts(chunk);
    for (const inChunk of lines) {
      const place = order?.place(chunk.stream, inChunk);
      if (place !== undefined) {
        telling.push({ line: place.line, text: texts.at(inChunk) });
      }
    }
  }
  const levels = telling.map(({ line, text }) => ({ line, level: lineLevel(text) }));
  const having = (level: LineLevel): Uint32Array<ArrayBuffer> => inOrder(levels.filter((one) => one.level === level));
  const begins = inOrder(telling.filter(({ text }) => mayBeginFailure(text)));
  return { errors: having('error'), warnings: having('warning'), begins, ranks: [...ranks] };
}

function inOrder(found: readonly { readonly line: number }[]): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(found, ({ line }) => line).sort();
}

function sampleRanks(scan: ByteScan, chunk: ScanChunk, ranks: Set<number>): void {
  const { bytes } = chunk;
  const step = bytes.byteLength / sampled;
  let next = 0;
  for (let sample = 0; sample < sampled; sample += 1) {
    const at = Math.floor(sample * step);
    const start = at === 0 ? 0 : bytes.indexOf(newline, at - 1) + 1;
    if (start >= next && start >= at && start < bytes.byteLength) {
      const end = bytes.indexOf(newline, start);
      next = (end === -1 ? bytes.byteLength : end) + 1;
      noteRank(ranks, bytes.toString('utf8', start, Math.min(next - 1, start + longestPrefix)));
    }
  }
  const named =
    rankWord === undefined
      ? []
      : linesInChunk(scan, chunk, (slice) => scan.linesWith(slice.subarray(0, mostBytes), rankWord));
  const texts = new LineTexts(chunk);
  for (let at = 0; at < named.length; at += Math.ceil(named.length / sampled)) {
    noteRank(ranks, texts.at(named[at] ?? 0).slice(0, longestPrefix));
  }
}

function noteRank(ranks: Set<number>, text: string): void {
  const { rank } = withoutPrefix(visibleText(text), 0);
  if (rank !== null && ranks.size < mostRanks) {
    ranks.add(rank);
  }
}

const newline = 10;
/** Of a line, so much is looked at for its prefix, in bytes. */
const longestPrefix = 300;
/** More of a line is not read for its level or a failure, in bytes. */
const longestText = 16_384;

/** Reads lines of a chunk by their number, which only grows from call to call. */
export class LineTexts {
  readonly #bytes: Buffer;
  #line = 0;
  #start = 0;

  constructor({ bytes }: ScanChunk) {
    this.#bytes = bytes;
  }

  at(line: number): string {
    for (; this.#line < line; this.#line += 1) {
      this.#start = this.#bytes.indexOf(newline, this.#start) + 1;
    }
    const end = this.#bytes.indexOf(newline, this.#start);
    return this.#bytes.toString(
      'utf8',
      this.#start,
      Math.min(end === -1 ? this.#bytes.byteLength : end, this.#start + longestText),
    );
  }
}
