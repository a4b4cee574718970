import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { exceptionLine } from './pythonLine.ts';
import { startsAnew } from './messageEnd.ts';
import type { Traceback } from './traceback.ts';

const FRAME = /^((?:[A-Za-z]:)?[^\s:][^:]{0,1000}):(\d{1,9}) in (\S{1,200})$/;
const PART_OF_PATH = /^[~/\\]?[\w./\\~+@-]{20,}$/;
const MOST_LINES = 2000;

/** A traceback in the box that `rich` draws, with the exception below it. */
export class RichTraceback implements Traceback {
  readonly draft: FailureDraft;
  readonly headed = true;
  #state: 'box' | 'below' | 'message' = 'box';
  #lines = 0;
  /** The beginning of a path too long for one line of the box. */
  #path = '';

  private constructor(line: PlainLine) {
    this.draft = new FailureDraft(line);
  }

  static begin(line: PlainLine): RichTraceback | null {
    const text = line.text.trimStart();
    const isTop = /^[╭┌+]/.test(text) && text.includes(' Traceback (most recent call last) ');
    return isTop ? new RichTraceback(line) : null;
  }

  get complete(): boolean {
    return this.#state === 'message';
  }

  push(line: PlainLine): boolean {
    if (this.#state === 'box') return this.#pushBox(line);
    if (this.#state === 'below') return this.#pushException(line);
    const ends = line.text.trim() === '' || startsAnew(line, this.draft.record) || RichTraceback.begin(line) !== null;
    if (!ends) this.draft.addMessage(line.text, line.number);
    return !ends;
  }

  #pushBox(line: PlainLine): boolean {
    this.#lines += 1;
    const text = line.text.trimStart();
    if (/^[╰└]/.test(text)) {
      this.#state = 'below';
      return true;
    }
    if (!/^[│|]/.test(text)) return false;
    this.#pushContent(line, text);
    return this.#lines <= MOST_LINES;
  }

  #pushContent(line: PlainLine, boxed: string): void {
    const content = boxed.slice(1).replace(/[│|]$/, '').trim();
    const [, path, digits, name] = FRAME.exec(content) ?? [];
    if (path === undefined || digits === undefined || name === undefined) {
      this.#path = PART_OF_PATH.test(content) ? this.#path + content : '';
      return;
    }
    const start = line.column + line.text.indexOf(content);
    this.draft.addFrame({
      path: this.#path + path,
      line: Number(digits),
      function: name,
      logLine: line.number,
      start,
      end: start + path.length + 1 + digits.length,
    });
    this.#path = '';
  }

  #pushException(line: PlainLine): boolean {
    const found = exceptionLine(line.text);
    if (found === null) return false;
    this.draft.setException(found.type, found.message, line);
    this.#state = 'message';
    return true;
  }
}
