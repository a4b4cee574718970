import type { LineQuery } from './logRow.ts';

/**
 * What is looked for, as a pattern to try on one line. `flags` beside `u`, and `i` where case does not matter. Throws SyntaxError
 * for a pattern that is none.
 */
export function queryRegex({ text, isRegex, matchCase, wholeWord }: LineQuery, flags: string): RegExp {
  const source = isRegex ? text : text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
  const word = String.raw`(?<![\p{L}\p{N}_])(?:${source})(?![\p{L}\p{N}_])`;
  return new RegExp(wholeWord ? word : source, `${flags}${matchCase ? '' : 'i'}u`);
}

/** Why a query cannot be looked for: its pattern is none. null when it can. */
export function queryProblem(query: LineQuery): string | null {
  try {
    queryRegex(query, '');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
