import { isAscii } from 'node:buffer';

import { visibleText } from '../../../core/failure/visibleText.ts';
import { queryRegex } from '../../../core/lineQuery.ts';
import type { LineQuery } from '../../../core/logRow.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { type NeedleSet, needleSet } from '../bytes/needles.ts';
import { bytePattern } from './bytePattern.ts';
import { requiredTexts } from './requiredTexts.ts';

/** Which of some whole lines have what is looked for: 0-based, in order, each once. Of more than `mostBytes` there is one only. */
export type LineMatcher = (lines: Buffer) => Iterable<number>;

/** Matches the text as it is seen: colours in the middle of a word do not hide it. Throws SyntaxError for a pattern that is none. */
export function compileQuery(query: LineQuery, scan: ByteScan): LineMatcher {
  const exact = queryRegex(query, 'm');
  const matcher = compiled(query, exact, scan);
  const odd = oddCharacters(query);
  // A byte is looked for much faster than several, and mostly is not there; of these characters some begin alike.
  const begins = [...new Set(odd.map((bytes) => bytes.toString('latin1', 0, 2)))].map((two) =>
    Buffer.from(two, 'latin1'),
  );
  const isOdd = (lines: Buffer): boolean =>
    begins.some((two) => lines.includes(two[0] ?? 0) && lines.includes(two)) &&
    odd.some((bytes) => lines.includes(bytes));
  const byLine = lineByLine(scan, exact);
  return (lines) => {
    if (lines.byteLength > mostBytes) {
      return longLine(lines, exact);
    }
    return !isAscii(lines) && isOdd(lines) ? byLine(lines) : matcher(lines);
  };
}

/** Where one of these is, what is found by bytes is not what is found by characters. */
function oddCharacters({ text, isRegex, matchCase }: LineQuery): readonly Buffer[] {
  const foldingToAscii = !matchCase && (isRegex || /[ks]/iu.test(text)) ? '\u017f\u212a' : '';
  const lineEnds = isRegex ? '\u2028\u2029' : '';
  const spaces = isRegex && text.includes(String.raw`\s`) ? wideSpaces : '';
  return Array.from(foldingToAscii + lineEnds + spaces, (character) => Buffer.from(character));
}

/** What `\s` takes beyond ASCII, but for line ends. */
const wideSpaces =
  '\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\ufeff';

/** A line that is more than can be looked at in one go. */
function longLine(line: Buffer, exact: RegExp): readonly number[] {
  const end = line.at(-1) === newline ? line.byteLength - 1 : line.byteLength;
  return exact.test(visibleText(line.toString('utf8', 0, end))) ? [0] : [];
}

function compiled({ text, isRegex, matchCase, wholeWord }: LineQuery, exact: RegExp, scan: ByteScan): LineMatcher {
  if (!isRegex) {
    const needle = matchCase ? text : longestAscii(text);
    const set = needle === '' ? undefined : needleSet([{ text: needle, anyCase: !matchCase }]);
    if (set !== undefined && !text.includes('\n')) {
      return needle === text && !wholeWord ? (lines) => scan.linesWith(lines, set) : verified(scan, set, exact);
    }
    return lineByLine(scan, exact);
  }
  const bytes = bytePattern(text, !matchCase);
  if (bytes === undefined) {
    return lineByLine(scan, exact);
  }
  const needles = requiredTexts(text)?.map((one) => ({ text: one, anyCase: !matchCase }));
  const source = wholeWord ? `(?<![A-Za-z0-9_])(?:${bytes})(?![A-Za-z0-9_])` : bytes;
  const pattern = new RegExp(source, matchCase ? 'gm' : 'gim');
  return byPattern(scan, pattern, exact, needles === undefined ? undefined : needleSet(needles));
}

/** Lines with a needle that match the pattern too. */
function verified(scan: ByteScan, needles: NeedleSet, exact: RegExp): LineMatcher {
  return (lines) => {
    const found = scan.linesWith(lines, needles).slice();
    if (found.length === 0) {
      return found;
    }
    const texts = new VisibleLines(scan.visible(lines));
    return found.filter((line) => exact.test(texts.at(line)));
  };
}

function lineByLine(scan: ByteScan, exact: RegExp): LineMatcher {
  return (lines) => {
    const found: number[] = [];
    for (const [line, text] of scan.visible(lines).toString().split('\n').entries()) {
      if (exact.test(text)) {
        found.push(line);
      }
    }
    return withoutLast(found, lines, scan);
  };
}

/** Splitting at line feeds gives an empty text after the last. */
function withoutLast(found: number[], lines: Buffer, scan: ByteScan): readonly number[] {
  if (lines.at(-1) === newline && found.at(-1) === scan.countLineFeeds(lines)) {
    found.pop();
  }
  return found;
}

/** When more than so many bytes are in lines with a needle, to look for needles only takes longer. */
const mostWithNeedle = 64 * 1024;
/** So often then needles are not looked for. */
const restFromNeedles = 16;

/** `pattern` has the flag `g` and never matches a line feed; what it matches has one of the needles in it, if there are any. */
function byPattern(scan: ByteScan, pattern: RegExp, exact: RegExp, needles: NeedleSet | undefined): LineMatcher {
  let resting = 0;
  return (lines) => {
    if (needles === undefined || resting > 0) {
      resting -= 1;
      return matchingLines(scan, scan.visible(lines), pattern, exact);
    }
    const { numbers, visible } = scan.visibleWith(lines, needles);
    resting = visible.byteLength > mostWithNeedle ? restFromNeedles : 0;
    return visible.byteLength === 0
      ? []
      : matchingLines(scan, visible, pattern, exact).map((line) => numbers[line] ?? 0);
  };
}

function matchingLines(scan: ByteScan, visible: Buffer, pattern: RegExp, exact: RegExp): readonly number[] {
  const text = visible.toString('latin1');
  const found: number[] = [];
  let line = 0;
  let counted = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const at = match.index;
    if (at === text.length && text.endsWith('\n')) {
      break;
    }
    line += scan.countLineFeeds(visible.subarray(counted, at));
    counted = at;
    const end = text.indexOf('\n', at);
    const until = end === -1 ? text.length : end;
    const whole = visible.subarray(at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1, until);
    if (isAscii(whole) || exact.test(whole.toString())) {
      found.push(line);
    }
    if (until >= text.length) {
      break;
    }
    pattern.lastIndex = until + 1;
  }
  return found;
}

const newline = 10;

/** Reads visible lines by their number, which only grows from call to call. */
export class VisibleLines {
  readonly #lines: Buffer;
  #line = 0;
  #start = 0;

  constructor(lines: Buffer) {
    this.#lines = lines;
  }

  at(line: number): string {
    for (; this.#line < line; this.#line += 1) {
      this.#start = this.#lines.indexOf(newline, this.#start) + 1;
    }
    const end = this.#lines.indexOf(newline, this.#start);
    return this.#lines.toString('utf8', this.#start, end === -1 ? this.#lines.byteLength : end);
  }
}

function longestAscii(text: string): string {
  return (text.match(/[\0-\x7f]+/gu) ?? []).reduce((one, other) => (other.length > one.length ? other : one), '');
}
