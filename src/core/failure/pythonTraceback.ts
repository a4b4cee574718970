import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { exceptionLine, frameLine, indentOf, isTracebackHeader } from './pythonLine.ts';
import { startsAnew } from './messageEnd.ts';
import type { Traceback } from './traceback.ts';

/** Lines of other output that may fall between those of a traceback before it is given up. */
const MOST_STRAY = 8;
/** Source text below one frame: loguru explains each value on a line of its own. */
const MOST_SOURCE = 200;

/** A traceback as CPython prints it, with or without its header: a log may begin in the middle, and a syntax error has none. */
export class PythonTraceback implements Traceback {
  readonly draft: FailureDraft;
  readonly headed: boolean;
  #frameIndent: number | null = null;
  #stray = 0;
  #source = 0;
  #inMessage = false;

  private constructor(line: PlainLine, headed: boolean) {
    this.draft = new FailureDraft(line);
    this.headed = headed;
    this.#addFrame(line);
  }

  /** Begins one at its header or at a first frame; null at any other line. */
  static begin(line: PlainLine): PythonTraceback | null {
    const headed = isTracebackHeader(line.text);
    return headed || frameLine(line) !== null ? new PythonTraceback(line, headed) : null;
  }

  /** A member of an exception group that was never raised has no frames, only this line. */
  static ofException(line: PlainLine): PythonTraceback {
    const alone = new PythonTraceback(line, true);
    alone.push(line);
    return alone;
  }

  get complete(): boolean {
    return this.#inMessage;
  }

  push(line: PlainLine): boolean {
    return this.#inMessage ? this.#pushMessage(line) : this.#pushFrames(line);
  }

  #pushFrames(line: PlainLine): boolean {
    if (isTracebackHeader(line.text)) return false;
    if (this.#addFrame(line) || line.text.trim() === '') return true;
    const outside = (this.#frameIndent ?? 2) - 2;
    const found = exceptionLine(line.text);
    if (found !== null && found.indent === outside && (this.headed || found.sure)) {
      this.draft.setException(found.type, found.message, line);
      this.#inMessage = true;
      return true;
    }
    if (indentOf(line.text) > outside) {
      this.#source += 1;
      return this.#source <= MOST_SOURCE;
    }
    this.#stray += 1;
    return this.headed && this.#stray <= MOST_STRAY;
  }

  #addFrame(line: PlainLine): boolean {
    const found = frameLine(line);
    if (found === null || (found.indent !== (this.#frameIndent ?? found.indent) && found.indent !== 2)) return false;
    this.#frameIndent = found.indent;
    this.#source = 0;
    this.draft.addFrame(found.frame);
    return true;
  }

  /** A message goes on to the next blank line, frame, or record of a logger. */
  #pushMessage(line: PlainLine): boolean {
    const { text } = line;
    const ends =
      text.trim() === '' ||
      text.startsWith('"""') ||
      isTracebackHeader(text) ||
      frameLine(line) !== null ||
      startsAnew(line, this.draft.record);
    if (!ends) this.draft.addMessage(text, line.number);
    return !ends;
  }
}
