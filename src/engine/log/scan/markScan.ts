import { FailureScanner } from '../../../core/failure/failureScanner.ts';
import type { Failure } from '../../../core/failure/failure.ts';
import { lineLevel } from '../../../core/failure/level.ts';
import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';
import type { RawLog } from '../rawLog.ts';
import { LineTexts, mayBeMarked } from './lineFilter.ts';
import { placesIn, type ScanUnit } from './scanUnits.ts';

export interface FoundMarks {
  readonly errors: readonly number[];
  readonly warnings: readonly number[];
  readonly failures: readonly Failure[];
  /** Seen in the prefixes of lines so far. */
  readonly ranks: readonly number[];
}

/** Lines after the last telling one that may still belong to the same failure. */
const after = 200;
/** Lines of each unit whose prefixes are looked at. */
const sampled = 50;

/** Finds errors, warnings, failures and ranks, unit by unit. */
export class MarkScan {
  readonly #failures = new FailureScanner();
  readonly #ranks = new Set<number>();
  /** By stream: so many lines from the next on are read for the failure that was open. */
  readonly #owed = new Map<number, number>();

  async marks(raw: RawLog, unit: ScanUnit): Promise<FoundMarks> {
    const errors: number[] = [];
    const warnings: number[] = [];
    const pushes: { readonly line: number; readonly stream: number; readonly text: string }[] = [];
    let placeOf: Awaited<ReturnType<typeof placesIn>> | undefined;
    for (const { stream, bytes } of unit.chunks) {
      this.#sampleRanks(bytes);
      const telling = mayBeMarked.matchingLines(bytes);
      const wanted = this.#wanted(stream, telling, unit.to.line - unit.from.line);
      if (wanted.length === 0) {
        continue;
      }
      placeOf ??= await placesIn(raw, unit, false);
      const isTelling = new Set(telling);
      const texts = new LineTexts(bytes);
      for (const inChunk of wanted) {
        const line = placeOf(stream, inChunk)?.line;
        if (line === undefined) {
          break;
        }
        const text = texts.at(inChunk);
        const level = isTelling.has(inChunk) ? lineLevel(text) : null;
        if (level !== null) {
          (level === 'error' ? errors : warnings).push(line);
        }
        pushes.push({ line, stream, text });
      }
    }
    for (const { line, stream, text } of pushes.toSorted((one, other) => one.line - other.line)) {
      this.#failures.push({ number: line, text, stream: String(stream) });
    }
    return {
      errors: errors.toSorted((a, b) => a - b),
      warnings: warnings.toSorted((a, b) => a - b),
      failures: this.#failures.take(),
      ranks: this.#rankList,
    };
  }

  /** What is still open when the log has ended. */
  end(): Pick<FoundMarks, 'failures' | 'ranks'> {
    return { failures: this.#failures.end(), ranks: this.#rankList };
  }

  get #rankList(): readonly number[] {
    return [...this.#ranks].toSorted((a, b) => a - b);
  }

  /** The telling lines of a chunk and those after each; `most` is no less than the lines of the chunk. */
  #wanted(stream: number, telling: readonly number[], most: number): readonly number[] {
    const wanted: number[] = [];
    let next = 0;
    let until = this.#owed.get(stream) ?? 0;
    const extend = (end: number): void => {
      for (; next < end && next < most; next += 1) {
        wanted.push(next);
      }
    };
    for (const line of telling) {
      extend(Math.min(until, line));
      next = Math.max(next, line);
      until = line + after;
    }
    extend(until);
    this.#owed.set(stream, Math.max(0, until - most));
    return wanted;
  }

  #sampleRanks(bytes: Buffer): void {
    let start = 0;
    for (let count = 0; count < sampled && this.#ranks.size < 10_000; count += 1) {
      const end = bytes.indexOf(10, start);
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
