import { FailureScanner } from '../../../core/failure/failureScanner.ts';
import type { Failure } from '../../../core/failure/failure.ts';
import { lineLevel } from '../../../core/failure/level.ts';
import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';
import type { ByteScan } from '../bytes/byteScan.ts';
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

/** Lines of each unit and stream whose prefixes are looked at. */
const sampled = 50;
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
      this.#sampleRanks(chunk.bytes);
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

  #sampleRanks(bytes: Buffer): void {
    let start = 0;
    for (let count = 0; count < sampled && this.#ranks.size < mostRanks; count += 1) {
      const end = bytes.indexOf(newline, start);
      if (end === -1) {
        return;
      }
      const { rank } = withoutPrefix(visibleText(bytes.toString('utf8', start, Math.min(end, start + 300))), 0);
      if (rank !== null) {
        this.#ranks.add(rank);
      }
      start = end + 1;
    }
  }
}

const newline = 10;
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
