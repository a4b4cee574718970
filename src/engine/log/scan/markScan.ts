import { FailureScanner } from '../../../core/failure/failureScanner.ts';
import type { Failure } from '../../../core/failure/failure.ts';
import { lineLevel } from '../../../core/failure/level.ts';
import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { needleSet } from '../bytes/needles.ts';
import type { RawLog } from '../rawLog.ts';
import { tellingLines } from './levelScan.ts';
import { linesInChunk, orderOf, type ScanChunk, type ScanUnit } from './scanUnits.ts';

export interface FoundMarks {
  readonly errors: readonly number[];
  readonly warnings: readonly number[];
  readonly failures: readonly Failure[];
  /** Seen in the prefixes of lines so far. */
  readonly ranks: readonly number[];
}

/** Lines of each unit and stream whose prefixes are looked at, at least: from all over it, as programs print for long before ranks begin. */
const sampled = 1_000;
/** Begins the lines of a rank that has something to say once in a while, as when it fails: of these all are looked at if not too many. */
const rankWord = needleSet([{ text: '[rank', anyCase: false }]);
/** More ranks are not told apart. */
const mostRanks = 10_000;

/** Finds errors, warnings, failures and ranks, unit by unit. */
export class MarkScan {
  readonly #scan: ByteScan;
  readonly #failures = new FailureScanner();
  readonly #ranks = new Set<number>();
  /** The last line that the failures were told of. */
  #pushed = -1;

  constructor(scan: ByteScan) {
    this.#scan = scan;
  }

  async marks(raw: RawLog, unit: ScanUnit): Promise<FoundMarks> {
    const errors: number[] = [];
    const warnings: number[] = [];
    const telling: { readonly stream: number; readonly lines: readonly number[] }[] = [];
    for (const chunk of unit.chunks) {
      this.#sampleRanks(chunk);
      const lines = linesInChunk(this.#scan, chunk, (slice) => tellingLines(this.#scan, slice));
      telling.push({ stream: chunk.stream, lines });
    }
    if (telling.some(({ lines }) => lines.length > 0) || this.#failures.isReading) {
      const order = await orderOf(raw, this.#scan, unit, false);
      const texts = new Map(unit.chunks.map((chunk) => [chunk.stream, new LineTexts(chunk)]));
      const tellingInOrder = telling
        .flatMap(({ stream, lines }) => lines.map((inChunk) => order.place(stream, inChunk)?.line ?? -1))
        .toSorted((a, b) => a - b);
      let next = 0;
      for (let line = unit.from.line; line < unit.to.line; line += 1) {
        while ((tellingInOrder[next] ?? Infinity) < line) {
          next += 1;
        }
        const isTelling = tellingInOrder[next] === line;
        if (!isTelling && !this.#failures.isReading) {
          line = (tellingInOrder[next] ?? unit.to.line) - 1;
          continue;
        }
        const at = order.at(line);
        const text = at === undefined ? undefined : texts.get(at.stream)?.at(at.lineInChunk);
        if (at === undefined || text === undefined) {
          continue;
        }
        const level = isTelling ? lineLevel(text) : null;
        if (level !== null) {
          (level === 'error' ? errors : warnings).push(line);
        }
        // A line that was unfinished while the log rested comes again; a failure has it already.
        if (line > this.#pushed) {
          this.#failures.push({ number: line, text, stream: String(at.stream) });
          this.#pushed = line;
        }
      }
    }
    return { errors, warnings, failures: this.#failures.take(), ranks: this.#rankList };
  }

  /** What is still open when the log has ended. */
  end(): Pick<FoundMarks, 'failures' | 'ranks'> {
    return { failures: this.#failures.end(), ranks: this.#rankList };
  }

  get #rankList(): readonly number[] {
    return [...this.#ranks].toSorted((a, b) => a - b);
  }

  #sampleRanks(chunk: ScanChunk): void {
    const { bytes } = chunk;
    const step = bytes.byteLength / sampled;
    let next = 0;
    for (let sample = 0; sample < sampled; sample += 1) {
      const at = Math.floor(sample * step);
      const start = at === 0 ? 0 : bytes.indexOf(newline, at - 1) + 1;
      if (start >= next && start >= at && start < bytes.byteLength) {
        const end = bytes.indexOf(newline, start);
        next = (end === -1 ? bytes.byteLength : end) + 1;
        this.#noteRank(bytes.toString('utf8', start, Math.min(next - 1, start + longestPrefix)));
      }
    }
    const named =
      rankWord === undefined
        ? []
        : linesInChunk(this.#scan, chunk, (slice) => this.#scan.linesWith(slice.subarray(0, mostBytes), rankWord));
    const texts = new LineTexts(chunk);
    for (let at = 0; at < named.length; at += Math.ceil(named.length / sampled)) {
      this.#noteRank(texts.at(named[at] ?? 0).slice(0, longestPrefix));
    }
  }

  #noteRank(text: string): void {
    const { rank } = withoutPrefix(visibleText(text), 0);
    if (rank !== null && this.#ranks.size < mostRanks) {
      this.#ranks.add(rank);
    }
  }
}

const newline = 10;
/** Of a line, so much is looked at for its prefix, in bytes. */
const longestPrefix = 300;
/** More of a line is not read for its level or a failure, in bytes. */
const longestText = 16_384;

/** Reads lines of a chunk by their number, which only grows from call to call. */
class LineTexts {
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
