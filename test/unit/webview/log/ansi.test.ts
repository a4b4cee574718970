import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { styledLine } from '../../../../webview/log/ansi.ts';

const look = (line: string) =>
  styledLine(line).map(({ text, classes, foreground, background }) => [
    text,
    classes.join(' '),
    foreground,
    background,
  ]);

describe('styledLine', () => {
  it('knows the 16 colours, bold and reset', () => {
    expect(look('a\u001b[1;32mok\u001b[0mb\u001b[94mc')).toEqual([
      ['a', '', null, null],
      ['ok', 'bold fg-2', null, null],
      ['b', '', null, null],
      ['c', 'fg-12', null, null],
    ]);
  });

  it('knows the 256 colours and true colour, for text and background', () => {
    expect(look('\u001b[38;5;196mred\u001b[48;2;1;2;300mdeep\u001b[39;49mplain')).toEqual([
      ['red', '', '#ff0000', null],
      ['deep', '', '#ff0000', '#0102ff'],
      ['plain', '', null, null],
    ]);
  });

  it('leaves every other escape sequence out', () => {
    expect(look('\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[Hend\u001b')).toEqual([
      ['link', '', null, null],
      [' ', '', null, null],
      ['end', '', null, null],
    ]);
  });

  it('loses no other character and never makes a class of its own', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '\u001b',
        '\u001b[31m',
        '\u001b[38;5;7m',
        '\u001b[0m',
        '\u001b[999;;m',
        '\u001b[?25l',
        '\u001b]8;;',
        '\r',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const line = pieces.join('');
        const runs = styledLine(line);
        expect(runs.map((run) => run.text).join('')).toBe(visibleText(line));
        expect(
          runs
            .flatMap((run) => run.classes)
            .every((name) =>
              /^(?:bold|dim|italic|underline|overline|concealed|strike|fg-back|bg-front|[fb]g-\d+)$/u.test(name),
            ),
        ).toBe(true);
      }),
    );
  });
});
