import { failureWords } from '../../../core/failure/failureScanner.ts';
import { levelWords, lineLevel } from '../../../core/failure/level.ts';
import type { LineLevel } from '../../../core/logRow.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { type NeedleSet, needleSet } from '../bytes/needles.ts';
import { type LineMatcher, VisibleLines } from './lineMatcher.ts';

const digitsOrSpace = '0123456789 '.split('');
/** As glog and absl begin a record, at the start of a line or after a prefix. */
const glogLevels = ['\n', ' ', '\t', '['].flatMap((before) =>
  ['E', 'W', 'F'].flatMap((letter) => digitsOrSpace.map((after) => before + letter + after)),
);

/** Those that no word for a level finds already: the fewer are looked for, the faster. */
const ownFailureWords = failureWords.filter((word) => !levelWords.some((part) => word.toLowerCase().includes(part)));

/** Of lines that may have a level or begin a failure, among few others. Made when it is first used: it takes longer than a small log does. */
let telling: NeedleSet | undefined;

function tellingNeedles(): NeedleSet | undefined {
  telling ??= needleSet([
    ...levelWords.map((text) => ({ text, anyCase: true })),
    ...ownFailureWords.map((text) => ({ text, anyCase: false })),
    ...glogLevels.map((text) => ({ text, anyCase: false })),
  ]);
  return telling;
}

/** Lines that may have a level or begin a failure; what they are is decided line by line. Of a very long line the beginning tells. */
export function tellingLines(scan: ByteScan, lines: Buffer): Uint32Array {
  const needles = tellingNeedles();
  return needles === undefined ? new Uint32Array() : scan.linesWith(lines.subarray(0, mostBytes), needles);
}

/** Lines that report an error or a warning. */
export function levelMatcher(scan: ByteScan, levels: readonly LineLevel[]): LineMatcher {
  return (lines) => {
    const found = tellingLines(scan, lines).slice();
    const texts = new VisibleLines(scan.visible(lines.subarray(0, mostBytes)));
    return found.filter((line) => {
      const level = lineLevel(texts.at(line));
      return level !== null && levels.includes(level);
    });
  };
}
