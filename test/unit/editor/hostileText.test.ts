import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { codeBlock, codeSpan, commandLink, oneLine } from '../../../src/editor/hostileText.ts';

const hostile = [
  '](command:workbench.action.terminal.new)',
  '```\n[click](command:aloft.deleteJob)\n```',
  '<img src=x onerror=alert(1)>',
  '$(sync~spin) `$(error)`',
  'good\u202egpj.exe',
  '\u0000\u001b[31m red',
];

describe('text from a log', () => {
  it('is one line without what cannot be seen', () => {
    expect(oneLine('a\n\tb\u202ec\u0000\u200bd', 100)).toBe('a b c d');
    expect(oneLine('x'.repeat(200), 100)).toBe(`${'x'.repeat(99)}…`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, most) => {
        const line = oneLine(text, most);
        expect(line.length).toBeLessThanOrEqual(most);
        expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      }),
    );
  });

  it('is not cut within a character', () => {
    expect(oneLine('😀'.repeat(10), 4).isWellFormed()).toBe(true);
  });

  it('never leaves its block', () => {
    const text = fc.oneof(fc.constantFrom(...hostile), fc.string(), fc.stringMatching(/^[`~\n a]{0,40}$/u));
    fc.assert(
      fc.property(text, (inside) => {
        const [first = '', ...lines] = codeBlock(inside, 500).split('\n');
        const fence = /^`{3,}/u.exec(first)?.[0] ?? '';
        expect(first).toBe(`${fence}text`);
        expect(lines.at(-1)).toBe(fence);
        expect(lines.slice(0, -1).some((line) => line.includes(fence))).toBe(false);
      }),
    );
  });

  it('never leaves its span, and names no icon', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...hostile), fc.string()), (text) => {
        const span = codeSpan(text, 200);
        expect(span === '' || /^` [^`\n]+ `$/u.test(span)).toBe(true);
        expect(span).not.toContain('$(');
      }),
    );
  });

  it('cannot end a link early', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...hostile), fc.string()), (path) => {
        const link = commandLink('here', 'aloft.openFrame', [path, 3]);
        const [, query = ''] = /^\[here\]\(command:aloft\.openFrame\?([\w%.-]+)\)$/u.exec(link) ?? [];
        expect(JSON.parse(decodeURIComponent(query))).toEqual([path, 3]);
      }),
    );
  });
});
