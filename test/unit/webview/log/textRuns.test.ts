import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { visibleText } from '../../../../src/core/failure/visibleText.ts';
import { drawnText } from '../../../../webview/log/drawnText.ts';
import { textRuns } from '../../../../webview/log/textRuns.ts';
import { webLinks } from '../../../../webview/log/webLinks.ts';

const none = () => [];
const targets = (text: string) =>
  textRuns(text, [], none).flatMap(({ text, target }) => (target === null ? [] : [[text, target]]));

describe('links in a line', () => {
  it('ends an address before the punctuation that ends a sentence', () => {
    const urls = (text: string) => webLinks(text).map(({ url }) => url);
    expect(urls('see https://a.b/c?d=1, (http://e.f/g_(h)). "https://i.j"')).toEqual([
      'https://a.b/c?d=1',
      'http://e.f/g_(h)',
      'https://i.j',
    ]);
    expect(urls('javascript:alert(1) file:///etc/passwd data:text/html,x https:// ftp://a.b')).toEqual([]);
  });

  it('opens a terminal hyperlink only when it leads to the web', () => {
    const link = (url: string) => `\u001b]8;;${url}\u0007there\u001b]8;;\u0007 and on`;
    expect(targets(link('https://a.b/c'))).toEqual([['there', { kind: 'web', url: 'https://a.b/c' }]]);
    for (const url of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'command:workbench.action',
      ' https://a.b',
      'https://a\u202Eb',
    ]) {
      expect(targets(link(url))).toEqual([]);
      expect(
        textRuns(link(url), [], none)
          .map(({ text }) => text)
          .join(''),
      ).toBe('there and on');
    }
  });

  it('opens files where the extension says, whatever colours are in between', () => {
    const text = '  File "\u001b[35mtrain.py\u001b[0m", line 8';
    const links = [{ start: 8, end: 16, path: 'train.py', line: 8 }];
    const runs = textRuns(text, links, none).filter(({ target }) => target !== null);
    expect(runs.map((run) => run.text)).toEqual(['train.py']);
  });
});

describe('textRuns', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u001b[31m',
      '\u001b[0m',
      '\u001b]8;;https://a.b\u0007',
      '\u001b]8;;\u0007',
      ' https://c.d/e ',
      '\r',
    ),
  );

  it('is the visible text whatever is found in it or linked from it', () => {
    const stretch = fc
      .tuple(fc.nat(60), fc.nat(60))
      .map(([start, length]): [number, number] => [start, start + length]);
    fc.assert(
      fc.property(fc.array(piece), fc.array(stretch, { maxLength: 5 }), (pieces, found) => {
        const text = pieces.join('');
        const links = found.map(([start, end]) => ({ start, end, path: 'a.py', line: 1 }));
        const runs = textRuns(text, links, () => found);
        expect(runs.map((run) => run.text).join('')).toBe(visibleText(text));
      }),
    );
  });

  it('marks what was found across colours', () => {
    const runs = textRuns('a\u001b[31mb\u001b[0mc d', [], () => [[0, 3]]);
    expect(runs.map(({ text, found }) => [text, found])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
      [' d', false],
    ]);
  });

  it('draws at most some hundred looks on a line', () => {
    const line = Array.from({ length: 10_000 }, (_, index) => `\u001b[3${index % 8}mx`).join('');
    const runs = textRuns(line, [], none);
    expect(runs.length).toBeLessThanOrEqual(502);
    expect(runs.map((run) => run.text).join('')).toBe('x'.repeat(10_000));
  });
});

describe('drawnText', () => {
  it('shows what cannot be seen', () => {
    const shown = (text: string) =>
      drawnText(text)
        .map((piece) => (piece.sign === null ? piece.text : `[${piece.sign}]`))
        .join('');
    expect(shown('a\u0000b\u007f\tc')).toBe('a[␀]b[␡]\tc');
    expect(shown('gnp.\u202Eexe\u200b')).toBe('gnp.[<U+202E>]exe[<U+200B>]');
    expect(shown('bad \uFFFD')).toBe('bad [\uFFFD]');
    expect(shown('👩‍💻 नमस्ते')).toBe('👩‍💻 नमस्ते');
    expect(
      drawnText('a\u0000b')
        .map(({ text }) => text)
        .join(''),
    ).toBe('a\u0000b');
  });
});
