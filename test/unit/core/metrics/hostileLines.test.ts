import { expect, test } from 'vitest';

import { lineMetrics } from '../../../../src/core/metrics/lineMetrics.ts';
import { longestLine } from '../../../../src/core/metrics/readLine.ts';
import { visibleText } from '../../../../src/core/metrics/visibleText.ts';

const fragments = [
  ...[
    'a',
    '1',
    ' ',
    '\t',
    '.',
    ',',
    '|',
    '{',
    '}',
    '[',
    '(',
    '"',
    "'",
    ':',
    '=',
    '-',
    '%',
    '/',
    'é',
    '\u001b',
    '\u001b[',
    '\u001b]',
    '\\',
  ],
  ...[
    'a ',
    'a=',
    'a: ',
    'a=1',
    'loss=',
    'loss=1 ',
    'loss  ',
    '1.',
    '1e',
    '1,',
    '1/',
    '1%|',
    '1%|a| 1/2 [',
    '1/2 [',
    '[1/2',
    '[1',
    '[rank',
  ],
  ...[
    '{"',
    "{'",
    '{"a":',
    '{"a":{',
    '"a":1,',
    'step ',
    'step',
    'step[ ',
    'epoch ',
    'epoch(',
    'epoch 1 ',
    '] [1] ',
    'train ',
    '| a ',
    'np.float',
  ],
  ...[
    'python',
    'python3',
    'f(',
    'f(a',
    '/pip',
    'tensor(',
    '1 *',
    "a's ",
    '1:\t',
    'it/s',
    'é1/2 ',
    '1/2\t',
    'global step ',
    'a/s',
  ],
];
const endings = ['', '}', "'}", ' =', '=1', '|', ']', '!', ': 1', '1/2 [0<0, 1it/s'];

test('no line of 16 KB makes a pattern try again and again', () => {
  // A step for each pair of characters would be 130 million in each of these thousands of lines: this would not end in time.
  for (const fragment of fragments) {
    for (const prefix of ['', 'epoch 1', '{"a": 1, ']) {
      for (const ending of endings) {
        const room = longestLine - prefix.length - ending.length;
        const line = prefix + fragment.repeat(Math.floor(room / fragment.length)) + ending;
        expect(lineMetrics(visibleText(line).text).values.length).toBeLessThan(longestLine);
      }
    }
  }
}, 120_000);

test('a line that is longer carries no metrics', () => {
  expect(lineMetrics(`loss=1 ${' '.repeat(longestLine)}`).values).toEqual([]);
});
