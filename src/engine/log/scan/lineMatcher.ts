import { isAscii } from 'node:buffer';

import type { LineQuery } from '../../../core/logRow.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';

/** Which lines of a chunk have what is looked for. A chunk consists of whole lines, each with its line feed. */
export interface LineMatcher {
  /** 0-based within the chunk, in order, each once. */
  matchingLines(chunk: Buffer): readonly number[];
}

const newline = 10;
const escape = 27;
const escapes =
  /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|\][^\u0007\u001b\n]{0,4096}(?:\u0007|\u001b\\)?|[ -/]{0,8}[0-Z\\^-~]?)/gu;

/** Matches the text as it is seen: colours in the middle of a word do not hide it. Throws SyntaxError for a pattern that is none. */
export function compileQuery(query: LineQuery): LineMatcher {
  if (!query.isRegex && query.matchCase && !query.wholeWord) {
    return new LiteralMatcher(query.text);
  }
  return new RegexMatcher(regexOf(query));
}

/** Of a query, as it is tried on one line. Throws SyntaxError for a pattern that is none. */
export function regexOf({ text, isRegex, matchCase, wholeWord }: LineQuery): RegExp {
  const source = isRegex ? text : text.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, String.raw`\$&`);
  const word = String.raw`(?<![\p{L}\p{N}_])(?:${source})(?![\p{L}\p{N}_])`;
  return new RegExp(wholeWord ? word : source, matchCase ? 'gmu' : 'gimu');
}

class LiteralMatcher implements LineMatcher {
  readonly #text: string;
  readonly #bytes: Buffer;
  /** Bytes after which an escape sequence would cut the text in two. */
  readonly #inner: ReadonlySet<number>;

  constructor(text: string) {
    this.#text = text;
    this.#bytes = Buffer.from(text);
    this.#inner = new Set(this.#bytes.subarray(0, -1));
  }

  matchingLines(chunk: Buffer): readonly number[] {
    if (this.#bytes.byteLength === 0) {
      return [];
    }
    const starts: number[] = [];
    for (let at = chunk.indexOf(this.#bytes); at !== -1;) {
      starts.push(at);
      const end = chunk.indexOf(newline, at);
      at = end === -1 ? -1 : chunk.indexOf(this.#bytes, end + 1);
    }
    return lineNumbers(chunk, mergedSorted(starts, this.#cutByEscapes(chunk)));
  }

  #cutByEscapes(chunk: Buffer): readonly number[] {
    const found: number[] = [];
    for (let at = chunk.indexOf(escape); at !== -1; at = chunk.indexOf(escape, at)) {
      const before = chunk[at - 1];
      if (before === undefined || !this.#inner.has(before)) {
        at += 1;
        continue;
      }
      const start = chunk.lastIndexOf(newline, at) + 1;
      const end = chunk.indexOf(newline, at);
      const line = chunk.toString('utf8', start, end === -1 ? chunk.byteLength : end);
      if (visibleText(line).includes(this.#text)) {
        found.push(start);
      }
      at = end === -1 ? chunk.byteLength : end;
    }
    return found;
  }
}

/** Looks around a match, so that what follows the line would change it. */
const looksAround = /\(\?<?[=!]/u;

class RegexMatcher implements LineMatcher {
  readonly #regex: RegExp;
  readonly #byLine: boolean;

  constructor(regex: RegExp) {
    this.#regex = regex;
    this.#byLine = looksAround.test(regex.source);
  }

  matchingLines(chunk: Buffer): readonly number[] {
    const text = chunkText(chunk);
    const lines: number[] = [];
    let line = 0;
    let counted = 0;
    let from = 0;
    while (from < text.length) {
      const at = this.#byLine ? from : this.#next(text, from);
      if (at === -1) {
        break;
      }
      line += newlinesBetween(text, counted, at);
      counted = at;
      const end = text.indexOf('\n', at);
      const until = end === -1 ? text.length : end;
      if (this.#isIn(text.slice(text.lastIndexOf('\n', at - 1) + 1, until))) {
        lines.push(line);
      }
      from = until + 1;
    }
    return lines;
  }

  /** Where the next match begins; it may go on into other lines, so its own line is asked again. */
  #next(text: string, from: number): number {
    this.#regex.lastIndex = from;
    const match = this.#regex.exec(text);
    return match === null || match.index >= text.length ? -1 : match.index;
  }

  #isIn(line: string): boolean {
    this.#regex.lastIndex = 0;
    return this.#regex.test(line);
  }
}

/** What is seen of a chunk, line for line. */
function chunkText(chunk: Buffer): string {
  const text = isAscii(chunk) ? chunk.toString('latin1') : chunk.toString('utf8');
  return text.includes('\u001b') ? text.replaceAll(escapes, '') : text;
}

function newlinesBetween(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}

/** The lines that lie at these offsets, which are in order; two in the same line are one. */
function lineNumbers(chunk: Buffer, offsets: readonly number[]): readonly number[] {
  const lines: number[] = [];
  let line = 0;
  let at = chunk.indexOf(newline);
  for (const offset of offsets) {
    while (at !== -1 && at < offset) {
      line += 1;
      at = chunk.indexOf(newline, at + 1);
    }
    if (lines.at(-1) !== line) {
      lines.push(line);
    }
  }
  return lines;
}

function mergedSorted(one: readonly number[], other: readonly number[]): readonly number[] {
  return other.length === 0 ? one : [...one, ...other].toSorted((a, b) => a - b);
}
