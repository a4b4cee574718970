import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { startsAnew } from './messageEnd.ts';
import { exceptionLine, indentOf } from './pythonLine.ts';
import type { Traceback } from './traceback.ts';

const HEADER = /^([A-Za-z_][\w.]{0,200}) {2,100}Traceback \(most recent call last\)$/;
const FILE = /^(?:File )?((?:[A-Za-z]:)?[^\s:()][^:]{0,1000}):(\d{1,9}), in (.{1,500})$/;
const CELL = /^(?:Input )?(Cell In ?\[\d{1,6}\]), line (\d{1,9})/;
/** Before IPython 8 the line number was only told by an arrow further down. */
const OLD_FILE = /^(\S{1,1000}) in (.{1,500})$/;
const ARROW = /^-{2,12}> ?(\d{1,9})(?: |$)/;
const MOST_LINES = 2000;

/** A traceback as IPython and Jupyter print it. */
export class IPythonTraceback implements Traceback {
  readonly draft: FailureDraft;
  readonly headed = true;
  readonly #type: string;
  #lines = 0;
  #waiting: { readonly path: string; readonly name: string; readonly line: PlainLine } | null = null;
  #inMessage = false;

  private constructor(line: PlainLine, type: string) {
    this.draft = new FailureDraft(line);
    this.#type = type;
  }

  static begin(line: PlainLine): IPythonTraceback | null {
    const type = HEADER.exec(line.text.trimEnd())?.[1];
    return type === undefined ? null : new IPythonTraceback(line, type);
  }

  get complete(): boolean {
    return this.#inMessage;
  }

  push(line: PlainLine): boolean {
    const text = line.text.trimEnd();
    if (this.#inMessage) {
      const ends = text === '' || startsAnew(line, this.draft.record);
      if (!ends) this.draft.addMessage(text, line.number);
      return !ends;
    }
    this.#lines += 1;
    if (HEADER.test(text) || this.#lines > MOST_LINES) return false;
    const found = exceptionLine(text);
    if (found?.indent === 0 && (found.type === this.#type || found.type.endsWith(`.${this.#type}`))) {
      this.draft.setException(found.type, found.message, line);
      this.#inMessage = true;
      return true;
    }
    this.#pushFrame(line, text);
    return true;
  }

  #pushFrame(line: PlainLine, text: string): void {
    const arrow = ARROW.exec(text)?.[1];
    if (arrow !== undefined && this.#waiting !== null) {
      const { path, name, line: named } = this.#waiting;
      this.#add(named, named.column, path, Number(arrow), name, path.length);
      this.#waiting = null;
    }
    if (indentOf(text) > 0) return;
    const [whole, path, digits, name] = FILE.exec(text) ?? CELL.exec(text) ?? [];
    if (whole !== undefined && path !== undefined && digits !== undefined) {
      const offset = text.indexOf(path);
      const length = text.indexOf(digits, offset + path.length) + digits.length - offset;
      this.#add(line, line.column + offset, path, Number(digits), name ?? null, length);
      return;
    }
    const old = OLD_FILE.exec(text);
    if (old?.[1] !== undefined && old[2] !== undefined) this.#waiting = { path: old[1], name: old[2], line };
  }

  #add(line: PlainLine, start: number, path: string, at: number, name: string | null, length: number): void {
    const bare = name === null ? null : (name.split('(', 1)[0] ?? name);
    this.draft.addFrame({ path, line: at, function: bare, logLine: line.number, start, end: start + length });
  }
}
