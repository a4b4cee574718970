import type { Block } from './block.ts';
import { ExceptionChain } from './exceptionChain.ts';
import type { Failure } from './failure.ts';
import { FatalPythonError } from './fatalPythonError.ts';
import { type PlainLine, withoutPrefix } from './linePrefix.ts';
import { OneLineFailure } from './oneLineFailure.ts';
import { PytestFailure } from './pytestFailure.ts';
import { UncaughtCppException } from './uncaughtCppException.ts';
import { visibleText } from './visibleText.ts';

export interface LogLine {
  /** The caller's number of the line, greater from line to line. */
  readonly number: number;
  /** As it is in the log, with its escape sequences, without the newline. */
  readonly text: string;
  /** Where the line came from, as node, task and stream: lines of different streams are never put together. */
  readonly stream: string;
}

/** Failures that are being read at the same time. Beyond it the one begun first is taken as it is. */
const MOST_OPEN = 1024;
/** Failures kept for a caller who does not take them. */
const MOST_WAITING = 10_000;

/**
 * Finds the failures in a log, line by line, with the lines of many processes mixed. What it holds does not grow with the
 * log as long as the failures are taken now and then.
 */
export class FailureScanner {
  readonly #open = new Map<string, Block>();
  /** Processes whose last line announced that the next traceback was ignored. */
  readonly #ignoring = new Set<string>();
  #finished: Failure[] = [];

  push(line: LogLine): void {
    const plain = withoutPrefix(visibleText(line.text), line.number);
    const lane = `${line.stream}\0${plain.lane}`;
    const open = this.#open.get(lane);
    if (open !== undefined) {
      if (open.push(plain)) return;
      this.#finish(lane, open);
    }
    this.#begin(lane, plain);
  }

  /** The failures that ended since the last call. One is known to have ended only when its process wrote something else. */
  take(): Failure[] {
    const taken = this.#finished;
    this.#finished = [];
    return taken;
  }

  /** The log is over, or silent for now: what is open ends here, and is given with what take() would. */
  end(): Failure[] {
    for (const [lane, block] of this.#open) this.#finish(lane, block);
    this.#ignoring.clear();
    return this.take();
  }

  #begin(lane: string, line: PlainLine): void {
    const ignored = this.#ignoring.delete(lane);
    const block = beginBlock(ignored ? { ...line, level: 'warning' } : line);
    if (block !== null) {
      this.#open.set(lane, block);
      const [oldest] = this.#open;
      if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#finish(...oldest);
    } else if (line.text.startsWith('Exception ignored ') && this.#ignoring.size < MOST_OPEN) {
      this.#ignoring.add(lane);
    }
  }

  #finish(lane: string, block: Block): void {
    this.#open.delete(lane);
    const failure = block.failure();
    if (failure !== null && this.#finished.length < MOST_WAITING) this.#finished.push(failure);
  }
}

function beginBlock(line: PlainLine): Block | null {
  return (
    ExceptionChain.begin(line) ??
    FatalPythonError.begin(line) ??
    UncaughtCppException.begin(line) ??
    PytestFailure.begin(line) ??
    OneLineFailure.begin(line)
  );
}
