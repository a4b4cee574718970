import { describe, expect, it } from 'vitest';

import type { LineQuery } from '../../../../src/core/logRow.ts';
import { highlighter } from '../../../../webview/log/highlights.ts';

const found = (text: string, line: string, change: Partial<LineQuery> = {}) =>
  highlighter({ text, isRegex: false, matchCase: false, wholeWord: false, ...change })(line).map(([start, end]) =>
    line.slice(start, end),
  );

describe('highlighter', () => {
  it('marks text as it is written, with or without its case', () => {
    expect(found('loss-a.b/', 'Loss-A.B/ loss-axb/')).toEqual(['Loss-A.B/']);
    expect(found('loss', 'Loss loss', { matchCase: true })).toEqual(['loss']);
  });

  it('marks whole words and patterns', () => {
    expect(found('err', 'error err', { wholeWord: true })).toEqual(['err']);
    expect(found(String.raw`\d+`, 'step 12 of 345', { isRegex: true })).toEqual(['12', '345']);
  });

  it('marks nothing for a pattern that is none or that might never end', () => {
    const line = `${'a'.repeat(16_000)}!`;
    for (const pattern of ['(', '(a+)+$', '(a|a)*$', String.raw`(a)\1*b`, 'a*a*a*a*b', '']) {
      expect(found(pattern, line, { isRegex: true })).toEqual([]);
    }
  });

  it('marks at most some on a line', () => {
    expect(found('a', 'a'.repeat(16_000))).toHaveLength(200);
  });
});
