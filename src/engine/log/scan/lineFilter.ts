import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import type { LineFilter } from '../../../core/logRow.ts';
import { type ByteScan, mostBytes } from '../bytes/byteScan.ts';
import { levelMatcher } from './levelScan.ts';
import { compileQuery, type LineMatcher, VisibleLines } from './lineMatcher.ts';

/** Which of some whole lines of a stream pass, as far as their text decides. */
export type SliceFilter = (lines: Buffer, stream: number) => Iterable<number>;

/**
 * What of a filter can be told from the text and the stream. Time is told where lines get their place in the log. Throws
 * SyntaxError for a pattern that is none. `rankOfStream`: of streams that belong to one rank alone; null for others.
 */
export function compileFilter(
  filter: LineFilter,
  scan: ByteScan,
  rankOfStream: (stream: number) => number | null,
): SliceFilter {
  const include = filter.include === null ? null : compileQuery(filter.include, scan);
  const exclude = filter.exclude === null ? null : compileQuery(filter.exclude, scan);
  const levels = filter.levels === null ? null : levelMatcher(scan, filter.levels);
  const streams = filter.streams === null ? null : new Set(filter.streams);
  const ranks = filter.ranks === null ? null : new Set(filter.ranks);
  const prefixes = ranks === null ? null : rankMatcher(scan, [...ranks]);
  return (lines, stream) => {
    const own = rankOfStream(stream);
    if (streams?.has(stream) === false || (own !== null && ranks?.has(own) === false)) {
      return [];
    }
    let passing: readonly number[] | undefined;
    for (const matcher of [include, own === null ? prefixes : null, levels]) {
      if (matcher !== null && passing?.length !== 0) {
        const matching = [...matcher(lines)];
        passing = passing === undefined ? matching : intersection(passing, matching);
      }
    }
    passing ??= Array.from({ length: scan.countLineFeeds(lines) || 1 }, (_, line) => line);
    return exclude === null || passing.length === 0 ? passing : difference(passing, [...exclude(lines)]);
  };
}

/** Lines that a launcher's prefix gives to one of these ranks. */
function rankMatcher(scan: ByteScan, ranks: readonly number[]): LineMatcher {
  const any = `(?:${ranks.map(String).join('|')})`;
  const text = String.raw`\[[a-z_]{0,30}:? ?${any}\]|^ {0,3}${any}:|\brank ?${any}\b`;
  const candidates = compileQuery({ text, isRegex: true, matchCase: true, wholeWord: false }, scan);
  return (all) => {
    // A prefix is at the beginning.
    const lines = all.subarray(0, mostBytes);
    const found = [...candidates(lines)];
    const texts = new VisibleLines(found.length === 0 ? lines : scan.visible(lines));
    return found.filter((line) => {
      const { rank } = withoutPrefix(texts.at(line), line);
      return rank !== null && ranks.includes(rank);
    });
  };
}

function intersection(one: readonly number[], other: readonly number[]): readonly number[] {
  const wanted = new Set(other);
  return one.filter((line) => wanted.has(line));
}

function difference(one: readonly number[], other: readonly number[]): readonly number[] {
  const unwanted = new Set(other);
  return one.filter((line) => !unwanted.has(line));
}
