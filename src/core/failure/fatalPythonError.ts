import type { Block } from './block.ts';
import type { Failure, Frame } from './failure.ts';
import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { frameLine } from './pythonLine.ts';
import { SIGNALS } from './signals.ts';

const HEADER = /^Fatal Python error: (.{1,500})$/;
const MOST_LINES = 2000;
const MOST_FRAMES = 100;

/** What faulthandler prints when the interpreter dies: all threads, each from the innermost frame outwards. */
export class FatalPythonError implements Block {
  readonly #draft: FailureDraft;
  readonly #frames: Frame[] = [];
  #thread: 'none' | 'current' | 'other' = 'none';
  #lines = 0;

  private constructor(line: PlainLine, what: string) {
    this.#draft = new FailureDraft(line, 'error');
    const signal = [...SIGNALS].find(([words]) => what.startsWith(words))?.[1];
    this.#draft.setException(signal ?? 'Fatal Python error', what, line);
  }

  static begin(line: PlainLine): FatalPythonError | null {
    const what = HEADER.exec(line.text.trimEnd())?.[1];
    return what === undefined ? null : new FatalPythonError(line, what);
  }

  push(line: PlainLine): boolean {
    this.#lines += 1;
    const { text } = line;
    if (this.#lines > MOST_LINES) return false;
    if (text.startsWith('Current thread ')) this.#thread = 'current';
    else if (/^Thread 0x[\da-f]+/.test(text)) this.#thread = 'other';
    else if (
      !this.#pushFrame(line) &&
      !/^$|^ {2}|^Python runtime state|^Extension modules: |^<no Python frame>/.test(text)
    ) {
      return false;
    }
    if (text !== '') this.#draft.reach(line.number);
    return true;
  }

  failure(): Failure {
    for (const frame of this.#frames.toReversed()) this.#draft.addFrame(frame);
    return this.#draft.failure(null);
  }

  #pushFrame(line: PlainLine): boolean {
    const found = frameLine(line);
    if (found !== null && this.#thread === 'current' && this.#frames.length < MOST_FRAMES)
      this.#frames.push(found.frame);
    return found !== null;
  }
}
