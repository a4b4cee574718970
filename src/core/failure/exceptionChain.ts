import type { Block } from './block.ts';
import { type GroupLine, groupLine } from './exceptionGroup.ts';
import type { Failure } from './failure.ts';
import type { FailureDraft } from './failureDraft.ts';
import { IPythonTraceback } from './ipythonTraceback.ts';
import type { PlainLine } from './linePrefix.ts';
import { isChainSentence } from './pythonLine.ts';
import { PythonTraceback } from './pythonTraceback.ts';
import { startsAnew } from './messageEnd.ts';
import { RichTraceback } from './richTraceback.ts';
import type { Traceback } from './traceback.ts';

/** How far below an exception the sentence that chains the next one to it may stand: messages have paragraphs, launchers print tables. */
const FARTHEST_SENTENCE = 40;
const LONGEST_TABLE = 600;
const LONGEST_CHAIN = 16;
const DEEPEST_GROUP = 10;

const RANK_ROW = /^ {0,8}rank {1,12}: (\d{1,6})(?: |$)/;
const TABLE_ROW = /^(?: {2,8}[a-z_]{1,20} {0,12}: |\[\d{1,6}\]:|[-=]{20,}$)/;
/** A header of this kind announces the traceback of the very exception above it, without a sentence of its own. */
const EMBEDDED = /^\s{0,8}(?:Original Traceback|(?:Worker|Remote) [Tt]raceback|traceback : Traceback)/;

/** Exceptions that were printed one after the other because one led to the next. The last one is the failure. */
export class ExceptionChain implements Block {
  readonly #depth: number;
  #open: Traceback | null;
  /** The last exception read to its end, with what was printed before it. */
  #last: { readonly draft: FailureDraft; readonly cause: Failure | null; readonly causes: number } | null = null;
  #joined = false;
  #lines = 0;
  #sinceTable = 0;
  /** The column of the margin, in an exception group or a member of one. */
  #margin: number | null;
  #member: ExceptionChain | null = null;
  /** A rule has ended a group in here, perhaps this one: of groups that end together only the innermost is ruled off. */
  #ruledOff = false;

  private constructor(open: Traceback, margin: number | null, depth: number) {
    this.#open = open;
    this.#margin = margin;
    this.#depth = depth;
  }

  /** Begins at the header or first frame of a traceback; null at any other line. */
  static begin(line: PlainLine): ExceptionChain | null {
    const margin = groupLine(line.text);
    if (margin?.kind === 'header') return ExceptionChain.#inMargin(line, margin, 0);
    const open = beginTraceback(line);
    return open === null ? null : new ExceptionChain(open, null, 0);
  }

  static #inMargin(line: PlainLine, margin: GroupLine, depth: number): ExceptionChain {
    const inner = inside(line, margin);
    return new ExceptionChain(beginTraceback(inner) ?? PythonTraceback.ofException(inner), margin.column, depth);
  }

  push(line: PlainLine): boolean {
    const margin = groupLine(line.text);
    if (margin?.kind === 'header' && this.#joined) this.#margin = margin.column;
    if (margin === null || this.#margin === null) return this.#pushWithoutMargin(line);
    this.#ruledOff = margin.kind === 'end';
    if (margin.column === this.#margin && (margin.kind === 'text' || margin.kind === 'header')) {
      return this.#pushOwn(inside(line, margin));
    }
    this.#pushMember(line, margin, this.#margin);
    return true;
  }

  failure(): Failure | null {
    this.#closeMember();
    this.#close();
    return this.#last === null ? null : this.#last.draft.failure(this.#last.cause);
  }

  /** The lines of a message after its first have no margin. */
  #pushWithoutMargin(line: PlainLine): boolean {
    if (!this.#ruledOff && this.#member?.push(line) === true) return true;
    this.#closeMember();
    return this.#pushOwn(line);
  }

  #pushMember(line: PlainLine, margin: GroupLine, own: number): void {
    const isRule = margin.kind === 'nextMember' || margin.kind === 'end';
    if ((margin.kind === 'firstMember' && margin.column === own) || (isRule && margin.column === own + 2)) {
      this.#closeMember();
    } else if (this.#member !== null) {
      this.#member.push(line);
    } else if (margin.kind === 'text' && margin.column === own + 2 && this.#depth < DEEPEST_GROUP) {
      this.#member = ExceptionChain.#inMargin(line, margin, this.#depth + 1);
    }
  }

  #closeMember(): void {
    const member = this.#member?.failure() ?? null;
    this.#member = null;
    if (member !== null) (this.#open ?? this.#last)?.draft.addMember(member);
  }

  #pushOwn(line: PlainLine): boolean {
    this.#readRank(line);
    if (this.#open?.push(line) === true) return true;
    this.#close();
    return this.#last !== null && this.#pushBetween(line, this.#last.draft);
  }

  /** The table of torchrun names the rank of each failure, that of the root cause last. */
  #readRank(line: PlainLine): void {
    const draft = (this.#open?.complete === true ? this.#open : this.#last)?.draft;
    if (draft?.type.endsWith('ChildFailedError') !== true) return;
    const rank = RANK_ROW.exec(line.text)?.[1];
    if (rank !== undefined) draft.rank = Number(rank);
  }

  /** Frames without an exception of their own, as dynamo prints below `from user code:`, belong to the exception above. */
  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    if (!open.complete) {
      if (!open.headed) for (const frame of open.draft.frames) this.#last?.draft.addFrame(frame);
      return;
    }
    const last = this.#last;
    const full = last !== null && last.causes >= LONGEST_CHAIN;
    if (last === null || full) {
      this.#last = { draft: open.draft, cause: null, causes: 0 };
    } else {
      open.draft.rank ??= last.draft.rank;
      this.#last = { draft: open.draft, cause: last.draft.failure(last.cause), causes: last.causes + 1 };
    }
    this.#joined = false;
    this.#lines = 0;
    this.#sinceTable = 0;
  }

  #pushBetween(line: PlainLine, draft: FailureDraft): boolean {
    this.#lines += 1;
    const near = this.#lines <= LONGEST_TABLE;
    if (isChainSentence(line.text)) this.#joined = true;
    if (line.text.trim() === '') return near;
    const next = beginTraceback(line);
    if (next !== null) {
      if (next.headed && !this.#joined && !EMBEDDED.test(line.text)) return false;
      this.#open = next;
      return true;
    }
    this.#sinceTable = TABLE_ROW.test(line.text) ? 0 : this.#sinceTable + 1;
    return near && this.#sinceTable <= FARTHEST_SENTENCE && !startsAnew(line, draft.record);
  }
}

function inside(line: PlainLine, margin: GroupLine): PlainLine {
  return { ...line, text: margin.text, column: line.column + margin.offset };
}

function beginTraceback(line: PlainLine): Traceback | null {
  return RichTraceback.begin(line) ?? IPythonTraceback.begin(line) ?? PythonTraceback.begin(line);
}
