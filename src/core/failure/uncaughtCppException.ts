import type { Block } from './block.ts';
import type { Failure } from './failure.ts';
import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';

const HEADER = /^(?:libc\+\+abi: )?terminate called after throwing an instance of '([^']{1,300})'$/;
const WHAT = '  what():  ';

/** `terminate called after throwing an instance of 'c10::Error'`, and what it says below. */
export class UncaughtCppException implements Block {
  readonly #draft: FailureDraft;
  #said = false;

  private constructor(line: PlainLine, type: string) {
    this.#draft = new FailureDraft(line, 'error');
    this.#draft.setException(type, '', line);
  }

  static begin(line: PlainLine): UncaughtCppException | null {
    const type = HEADER.exec(line.text.trimEnd())?.[1];
    return type === undefined ? null : new UncaughtCppException(line, type);
  }

  push(line: PlainLine): boolean {
    if (line.text.startsWith(WHAT)) {
      this.#said = true;
      this.#draft.addMessage(line.text.slice(WHAT.length), line.number);
      return true;
    }
    return (
      this.#said &&
      /^(?:Exception raised from |frame #\d|CUDA kernel errors|For debugging|Compile with `TORCH|Device-side assert)/.test(
        line.text,
      ) &&
      this.#reach(line)
    );
  }

  failure(): Failure {
    return this.#draft.failure(null);
  }

  #reach(line: PlainLine): true {
    this.#draft.reach(line.number);
    return true;
  }
}
