import { expect, test } from 'vitest';
import { requiredTexts } from '../../../../src/engine/log/scan/requiredTexts.ts';

test.each([
  [String.raw`rank3\].*step=[0-9]+00 `, ['rank3]']],
  ['outofmemory|error|traceback', ['outofmemory', 'error', 'traceback']],
  [String.raw`^\s*File "[^"]+", line \d+`, ['", line ']],
  [String.raw`\bab+cd?e`, ['ab']],
  ['größe(a|b)', ['größe']],
  ['abc{0}de{2,}f', ['ab']],
])('what %s matches contains one of %j', (pattern, texts) => {
  expect(requiredTexts(pattern)).toEqual(texts);
});

test.each(['', 'a', '(abc)+', 'abc|', 'abc|x', '[abc]{3}', 'a?b*c', String.raw`\d\d`])(
  '%s says too little of what it matches',
  (pattern) => {
    expect(requiredTexts(pattern)).toBeUndefined();
  },
);
