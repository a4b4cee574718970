import type { LineTemplate } from './lineTemplate.ts';
import type { PointSink } from './metricPoint.ts';
import { longestLine } from './readLine.ts';
import { TemplateLeaf } from './templateLeaf.ts';

const newline = 10;
const carriageReturn = 13;
const zero = 48;
const nine = 57;
const mostRuns = 128;
const mostBranches = 16_384;
const mostTextBytes = 1 << 20;

/** Cells of a branch: where its text begins and ends, its first branch, the next one beside it, its leaf. */
const textStart = 0;
const textEnd = 1;
const inner = 2;
const beside = 3;
const leafIndex = 4;
const cells = 5;
const none = -1;

/** Where the reading of pieces stopped. */
export interface PiecesRead {
  /** Where the piece begins that has to be read another way, or the end. */
  readonly end: number;
  /** How many lines ended before it. */
  readonly lines: number;
}

/**
 * The templates of the lines seen so far, as a tree of what stands between their runs of digits. A line that has one is read in
 * one pass over its bytes. Bounded: when there are too many templates all are forgotten.
 */
export class TemplateTree {
  readonly #sink: PointSink;
  // Flat memory, because this is where all the time goes.
  readonly #texts = new Uint8Array(mostTextBytes);
  readonly #textWords = new DataView(this.#texts.buffer);
  readonly #branches = new Int32Array(mostBranches * cells);
  readonly #starts = new Int32Array(mostRuns);
  readonly #ends = new Int32Array(mostRuns);
  readonly #leaves: TemplateLeaf[] = [];
  #textsEnd = 0;
  #branchesEnd = 0;

  constructor(sink: PointSink) {
    this.#sink = sink;
  }

  /**
   * Reads pieces of lines (they end at `\n` or `\r`) from `start` on while they have templates, and gives their points to the sink.
   * @param end Behind the end of a piece.
   * @param line Number of the line at `start`.
   */
  read(bytes: Uint8Array, start: number, end: number, line: number): PiecesRead {
    const texts = this.#texts;
    const branches = this.#branches;
    const starts = this.#starts;
    const ends = this.#ends;
    const leaves = this.#leaves;
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const textWords = this.#textWords;
    const wordsEnd = bytes.length - 3;
    const root = this.#branchesEnd === 0 ? none : 0;
    let lines = 0;
    let pieceStart = start;
    while (pieceStart < end) {
      let at = pieceStart;
      let byte = bytes[at] ?? newline;
      let stop = byte === newline || byte === carriageReturn ? at : none;
      let branch = stop === none ? root : none;
      let runs = 0;
      while (branch !== none) {
        let text = branches[branch + textStart] ?? 0;
        const textStop = branches[branch + textEnd] ?? 0;
        let there = at;
        while (text + 4 <= textStop && there < wordsEnd && words.getInt32(there) === textWords.getInt32(text)) {
          text += 4;
          there += 4;
        }
        while (text < textStop && bytes[there] === texts[text]) {
          text += 1;
          there += 1;
        }
        byte = bytes[there] ?? newline;
        if (text === textStop && byte >= zero && byte <= nine && runs < mostRuns) {
          starts[runs] = there;
          do {
            there += 1;
            byte = bytes[there] ?? newline;
          } while (byte >= zero && byte <= nine);
          ends[runs] = there;
          runs += 1;
          at = there;
          branch = branches[branch + inner] ?? none;
        } else if (
          text === textStop &&
          (byte === newline || byte === carriageReturn) &&
          there - pieceStart <= longestLine
        ) {
          const leaf = leaves[branches[branch + leafIndex] ?? none];
          stop = leaf?.emit(bytes, starts, ends, line + lines) === true ? there : none;
          branch = stop === none ? (branches[branch + beside] ?? none) : none;
        } else {
          branch = branches[branch + beside] ?? none;
        }
      }
      if (stop === none) {
        break;
      }
      lines += byte === newline ? 1 : 0;
      pieceStart = stop + 1;
    }
    return { end: pieceStart, lines };
  }

  /** @param piece The piece of a line that the template is of. */
  learn(template: LineTemplate, piece: Uint8Array): void {
    const { between } = template;
    if (between.length > mostRuns) {
      return;
    }
    if (this.#branchesEnd + between.length > mostBranches || this.#textsEnd + piece.length > mostTextBytes) {
      this.#leaves.length = 0;
      this.#textsEnd = 0;
      this.#branchesEnd = 0;
    }
    let branch = none;
    for (const { start, end } of between) {
      branch = this.#branch(branch, piece.subarray(start, end));
    }
    if (this.#branches[branch + leafIndex] === none) {
      this.#branches[branch + leafIndex] = this.#leaves.length;
      this.#leaves.push(new TemplateLeaf(template, this.#sink));
    }
  }

  /** The branch of `parent` (`none`: of the root) with a text, made when there is none yet. */
  #branch(parent: number, text: Uint8Array): number {
    const branches = this.#branches;
    let last = none;
    let branch = parent === none ? (this.#branchesEnd === 0 ? none : 0) : (branches[parent + inner] ?? none);
    while (branch !== none) {
      if (sameBytes(this.#texts.subarray(branches[branch + textStart], branches[branch + textEnd]), text)) {
        return branch;
      }
      last = branch;
      branch = branches[branch + beside] ?? none;
    }
    const made = this.#branchesEnd * cells;
    this.#branchesEnd += 1;
    this.#texts.set(text, this.#textsEnd);
    branches.set([this.#textsEnd, this.#textsEnd + text.length, none, none, none], made);
    this.#textsEnd += text.length;
    if (last !== none) {
      branches[last + beside] = made;
    } else if (parent !== none) {
      branches[parent + inner] = made;
    }
    return made;
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
