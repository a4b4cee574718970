import { anyOf } from './anyOf.ts';
import type { Block } from './block.ts';
import { ExceptionChain } from './exceptionChain.ts';
import type { Failure } from './failure.ts';
import { FatalPythonError } from './fatalPythonError.ts';
import { type PlainLine, withoutPrefix } from './linePrefix.ts';
import { MACHINE_WORDS } from './machineFailure.ts';
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
/** A process that was silent while others wrote so many lines has told all it had to tell. */
const LONGEST_SILENCE = 10_000;
/** Failures kept for a caller who does not take them. */
const MOST_WAITING = 10_000;

/** A line without any of these words begins no failure: while none is open, such a line needs no closer look. */
export const failureWords: readonly string[] = [
  'Traceback',
  'File ',
  'Fatal Python',
  'terminate called',
  '___ ',
  'Exception ignored',
  ...MACHINE_WORDS,
];
const MAY_BEGIN = anyOf(failureWords);

/** Whether any of `failureWords` is in the text of a line. */
export function mayBeginFailure(text: string): boolean {
  return MAY_BEGIN.test(text);
}

interface Open {
  readonly block: Block;
  /** How many lines had been pushed when the last of this one came. */
  at: number;
}

/**
 * Finds the failures in a log, line by line, with the lines of many processes mixed. What it holds does not grow with the
 * log as long as the failures are taken now and then.
 */
export class FailureScanner {
  readonly #open = new Map<string, Open>();
  /** Processes whose last line announced that the next traceback was ignored. */
  readonly #ignoring = new Set<string>();
  #finished: Failure[] = [];
  #pushed = 0;

  /** Whether lines without any of `failureWords` may matter to a failure that was begun. */
  get isReading(): boolean {
    return this.#open.size > 0 || this.#ignoring.size > 0;
  }

  push(line: LogLine): void {
    this.#pushed += 1;
    if (!this.isReading && !mayBeginFailure(line.text)) return;
    if (this.#pushed % LONGEST_SILENCE === 0) this.#finishSilent();
    const plain = withoutPrefix(visibleText(line.text), line.number);
    const lane = `${line.stream}\0${plain.lane}`;
    const open = this.#open.get(lane);
    if (open !== undefined) {
      open.at = this.#pushed;
      if (open.block.push(plain)) return;
      this.#finish(lane, open.block);
    }
    this.#begin(lane, plain);
  }

  /** The failures that ended since the last call. One is known to have ended when its process wrote something else, or was silent for long. */
  take(): Failure[] {
    const taken = this.#finished;
    this.#finished = [];
    return taken;
  }

  /** The log is over, or silent for now: what is open ends here, and is given with what take() would. */
  end(): Failure[] {
    for (const [lane, { block }] of this.#open) this.#finish(lane, block);
    this.#ignoring.clear();
    return this.take();
  }

  #begin(lane: string, line: PlainLine): void {
    const ignored = this.#ignoring.delete(lane);
    const block = beginBlock(ignored ? { ...line, level: 'warning' } : line);
    if (block !== null) {
      this.#open.set(lane, { block, at: this.#pushed });
      const [oldest] = this.#open;
      if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#finish(oldest[0], oldest[1].block);
    } else if (line.text.startsWith('Exception ignored ') && this.#ignoring.size < MOST_OPEN) {
      this.#ignoring.add(lane);
    }
  }

  #finishSilent(): void {
    for (const [lane, { block, at }] of this.#open) {
      if (this.#pushed - at >= LONGEST_SILENCE) this.#finish(lane, block);
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
