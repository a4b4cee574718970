import type { Failure } from '../../../core/failure/failure.ts';
import { FailureScanner } from '../../../core/failure/failureScanner.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import type { LogMark } from '../lineReplay.ts';
import type { RawLog } from '../rawLog.ts';
import { LineTexts } from './markScan.ts';
import { orderOf, readUnit } from './scanUnits.ts';

const noRoom = Buffer.alloc(0);

/** Puts failures together whose lines may be far apart. */
export class FailureScan {
  readonly #raw: RawLog;
  readonly #scan: ByteScan;
  readonly #failures = new FailureScanner();
  /** The last line that the failures were told of. */
  #pushed = -1;

  constructor(raw: RawLog, scan: ByteScan) {
    this.#raw = raw;
    this.#scan = scan;
  }

  /**
   * The failures that are known to have ended, from one stretch of the log to the next. Lines are read only where a failure may begin
   * (`begins`, in order) or has begun.
   */
  async failures(begins: Uint32Array, from: LogMark, to: LogMark): Promise<readonly Failure[]> {
    if (begins.length > 0 || this.#failures.isReading) {
      await this.#read(begins, from, to);
    }
    return this.#failures.take();
  }

  async #read(begins: Uint32Array, from: LogMark, to: LogMark): Promise<void> {
    const unit = await readUnit(this.#raw, from, to, noRoom, mostBytes);
    const order = await orderOf(this.#raw, this.#scan, unit, false);
    const texts = new Map(unit.chunks.map((chunk) => [chunk.stream, new LineTexts(chunk)]));
    let next = 0;
    for (let line = from.line; line < to.line; line += 1) {
      while ((begins[next] ?? Infinity) < line) {
        next += 1;
      }
      if (!this.#failures.isReading) {
        line = begins[next] ?? to.line;
      }
      if (line >= to.line) {
        return;
      }
      const at = order.at(line);
      const text = at === undefined ? undefined : texts.get(at.stream)?.at(at.lineInChunk);
      // A line that was unfinished while the log rested comes again; a failure has it already.
      if (at !== undefined && text !== undefined && line > this.#pushed) {
        this.#failures.push({ number: line, text, stream: String(at.stream) });
        this.#pushed = line;
      }
    }
  }

  /** What is still open when the log has ended. */
  end(): readonly Failure[] {
    return this.#failures.end();
  }
}
