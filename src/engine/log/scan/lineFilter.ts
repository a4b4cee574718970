import { lineLevel } from '../../../core/failure/level.ts';
import { withoutPrefix } from '../../../core/failure/linePrefix.ts';
import { visibleText } from '../../../core/failure/visibleText.ts';
import type { LineFilter, LineLevel } from '../../../core/logRow.ts';
import { compileQuery, type LineMatcher } from './lineMatcher.ts';
import { countLines } from './scanUnits.ts';

/** Which lines of a stream's chunk pass, as far as their text decides. */
export type ChunkFilter = (chunk: Buffer, stream: number) => readonly number[];

/**
 * What of a filter can be told from the text and the stream. Time is told where lines get their place in the log. Throws
 * SyntaxError for a pattern that is none. `rankOfStream`: of streams that belong to one rank alone; null for others.
 */
export function compileFilter(filter: LineFilter, rankOfStream: (stream: number) => number | null): ChunkFilter {
  const include = filter.include === null ? null : compileQuery(filter.include);
  const exclude = filter.exclude === null ? null : compileQuery(filter.exclude);
  const levels = filter.levels === null ? null : levelMatcher(filter.levels);
  const streams = filter.streams === null ? null : new Set(filter.streams);
  const ranks = filter.ranks === null ? null : { wanted: new Set(filter.ranks), prefix: rankMatcher(filter.ranks) };
  return (chunk, stream) => {
    if (streams?.has(stream) === false) {
      return [];
    }
    let lines: readonly number[] | null = include?.matchingLines(chunk) ?? null;
    const narrow = (matcher: LineMatcher): void => {
      const matching = matcher.matchingLines(chunk);
      lines = lines === null ? matching : intersection(lines, matching);
    };
    if (ranks !== null) {
      const own = rankOfStream(stream);
      if (own === null) {
        narrow(ranks.prefix);
      } else if (!ranks.wanted.has(own)) {
        return [];
      }
    }
    if (levels !== null && lines?.length !== 0) {
      narrow(levels);
    }
    const kept: readonly number[] = lines ?? Array.from({ length: countLines(chunk) }, (_, line) => line);
    return exclude === null || kept.length === 0 ? kept : difference(kept, exclude.matchingLines(chunk));
  };
}

/** Lines that may have a level or begin a failure; what they are is decided line by line. */
export const mayBeMarked = compileQuery({
  text: String.raw`err|warn|fatal|crit|exception|traceback|interrupt|fail|kill|fault|abort|exit|bus|oom|memory|not found|no module|can't open|watchdog|\*\*\*|File "|terminate called|___ |(?:^|\[|\s)[EWF][\d ]`,
  isRegex: true,
  matchCase: false,
  wholeWord: false,
});

/** Lines that report an error or a warning. */
export function levelMatcher(levels: readonly LineLevel[]): LineMatcher {
  return {
    matchingLines: (chunk) => {
      const texts = new LineTexts(chunk);
      return mayBeMarked.matchingLines(chunk).filter((line) => {
        const level = lineLevel(texts.at(line));
        return level !== null && levels.includes(level);
      });
    },
  };
}

/** Reads lines of a chunk by their number, which only grows from call to call. */
export class LineTexts {
  readonly #chunk: Buffer;
  #line = 0;
  #start = 0;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  /** At most 16 KB of it. */
  at(line: number): string {
    for (; this.#line < line; this.#line += 1) {
      this.#start = this.#chunk.indexOf(10, this.#start) + 1;
    }
    const end = this.#chunk.indexOf(10, this.#start);
    return this.#chunk.toString(
      'utf8',
      this.#start,
      Math.min(end === -1 ? this.#chunk.byteLength : end, this.#start + 16_384),
    );
  }
}

/** Lines that a launcher's prefix gives to one of these ranks. */
function rankMatcher(ranks: readonly number[]): LineMatcher {
  const any = `(?:${ranks.map(String).join('|')})`;
  const text = String.raw`(?:\[[a-z_]{0,30} ?|^ {0,3})${any}(?:\]|:)`;
  const candidates = compileQuery({ text, isRegex: true, matchCase: false, wholeWord: false });
  return {
    matchingLines: (chunk) => {
      const texts = new LineTexts(chunk);
      return candidates.matchingLines(chunk).filter((line) => {
        const { rank } = withoutPrefix(visibleText(texts.at(line)), line);
        return rank !== null && ranks.includes(rank);
      });
    },
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
