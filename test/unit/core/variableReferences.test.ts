import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeReferences } from '../../../src/core/variableReferences.ts';

/** What Kubernetes does to a command, as its documentation has it. */
function expanded(text: string, variables: Readonly<Record<string, string>>): string {
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '$') {
      result += text[at];
    } else if (text[at + 1] === '$') {
      result += '$';
      at += 1;
    } else if (text[at + 1] === '(' && text.includes(')', at)) {
      const end = text.indexOf(')', at);
      const name = text.slice(at + 2, end);
      result += variables[name] ?? `$(${name})`;
      at = end;
    } else {
      result += '$';
    }
  }
  return result;
}

describe('escapeReferences', () => {
  it.each(['kill -KILL $$', 'echo $(HOME)', '$$(HOME)', 'echo $HOME $', '$$$', 'a$(b', '$($(HOME))'])(
    'lets %j arrive as it is',
    (text) => {
      expect(expanded(escapeReferences(text), { HOME: '/root', b: 'x' })).toBe(text);
    },
  );

  it('lets whatever arrive as it is', () => {
    assert(
      property(string({ unit: 'grapheme' }), string(), (before, name) => {
        const text = `${before}$(${name})$$${before}$`;
        expect(expanded(escapeReferences(text), { [name]: 'replaced' })).toBe(text);
      }),
    );
  });
});
