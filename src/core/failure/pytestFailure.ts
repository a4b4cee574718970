import type { Block } from './block.ts';
import type { Failure } from './failure.ts';
import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { exceptionLine } from './pythonLine.ts';

const TITLE = /^_{3,100} ([^ _].{0,300}?) _{3,100}$/;
const PLACE = /^([^\s:][^:]{0,1000}\.py):(\d{1,9}):(?: (?:in )?(.{0,300}))?$/;
const EXPLAINED = /^E {3,60}(\S.*)$/;
const MOST_LINES = 3000;

/** One failed test in pytest's report: its places, and the exception on the lines that begin with `E`. */
export class PytestFailure implements Block {
  readonly #draft: FailureDraft;
  #named = false;
  #lines = 0;

  private constructor(line: PlainLine) {
    this.#draft = new FailureDraft(line, 'error');
  }

  static begin(line: PlainLine): PytestFailure | null {
    return line.text.startsWith('___') && TITLE.test(line.text.trimEnd()) ? new PytestFailure(line) : null;
  }

  push(line: PlainLine): boolean {
    this.#lines += 1;
    const text = line.text.trimEnd();
    if (this.#lines > MOST_LINES || text.startsWith('=====') || TITLE.test(text)) return false;
    const explained = EXPLAINED.exec(text)?.[1];
    if (explained !== undefined) this.#explain(explained, line);
    else this.#pushPlace(line, text);
    return true;
  }

  failure(): Failure | null {
    return this.#named ? this.#draft.failure(null) : null;
  }

  /** An assertion that pytest rewrote is told without its name. */
  #explain(text: string, line: PlainLine): void {
    if (this.#named) {
      this.#draft.addMessage(text, line.number);
      return;
    }
    const found = exceptionLine(text);
    this.#named = true;
    this.#draft.setException(found?.type ?? 'AssertionError', found?.message ?? text, line);
  }

  #pushPlace(line: PlainLine, text: string): void {
    const [, path, digits, name] = PLACE.exec(text) ?? [];
    if (path === undefined || digits === undefined) return;
    const isFunction = text.includes(': in ');
    this.#draft.addFrame({
      path,
      line: Number(digits),
      function: isFunction && name !== undefined ? name : null,
      logLine: line.number,
      start: line.column,
      end: line.column + path.length + 1 + digits.length,
    });
  }
}
