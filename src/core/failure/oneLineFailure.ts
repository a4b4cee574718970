import type { Block } from './block.ts';
import type { Failure } from './failure.ts';
import { FailureDraft } from './failureDraft.ts';
import type { PlainLine } from './linePrefix.ts';
import { machineFailure } from './machineFailure.ts';

/** What follows NCCL's watchdog only repeats it, in other words and as a stack of C++ functions. */
const AFTERMATH = /^(?:Exception raised from |frame #\d|\[(?:PG .{1,200})?Rank \d+\] |$)/;

/** A failure of one line, and the same again below it: an assertion on a GPU is printed by each of its threads. */
export class OneLineFailure implements Block {
  readonly #draft: FailureDraft;

  private constructor(draft: FailureDraft) {
    this.#draft = draft;
  }

  static begin(line: PlainLine): OneLineFailure | null {
    const found = machineFailure(line.text);
    if (found === null) return null;
    const draft = new FailureDraft({ ...line, rank: found.rank ?? line.rank }, found.level);
    draft.setException(found.type, found.message, line);
    if (found.place !== null) {
      const { path, line: at, function: name, end } = found.place;
      const start = line.column;
      draft.addFrame({ path, line: at, function: name, logLine: line.number, start, end: start + end });
    }
    return new OneLineFailure(draft);
  }

  push(line: PlainLine): boolean {
    const again = machineFailure(line.text)?.type === this.#draft.type && !/^slurm|^SIG/.test(this.#draft.type);
    const aftermath = this.#draft.type === 'NCCL timeout' && AFTERMATH.test(line.text);
    if (again || (aftermath && line.text !== '')) this.#draft.reach(line.number);
    return again || aftermath;
  }

  failure(): Failure {
    return this.#draft.failure(null);
  }
}
