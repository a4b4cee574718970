import { expect, test } from 'vitest';

import { joined, logFileName } from '../../../../src/editor/log/logText.ts';

test.each([
  ['train', '', 'train.log'],
  ['train.log', '', 'train.log'],
  ['train.log', '-shown', 'train-shown.log'],
  ['slurm-7.out', '', 'slurm-7.out.log'],
])('what is made of the log %s%s is called so', (name, part, file) => {
  expect(logFileName(name, part)).toBe(file);
});

test.each([
  ['nothing', [], 0, ''],
  ['what fits exactly', ['ab', 'c'], 3, 'abc'],
  ['what is too much', ['ab', 'cd'], 3, undefined],
])('joins %s', async (_what, pieces, most, text) => {
  expect(await joined(fromPieces(pieces), most)).toBe(text);
});

test('asks for no more once there is too much', async () => {
  const given: string[] = [];
  expect(await joined(fromPieces(['ab', 'cd', 'ef'], given), 3)).toBeUndefined();
  expect(given).toEqual(['ab', 'cd']);
});

async function* fromPieces(pieces: readonly string[], given: string[] = []): AsyncIterable<string> {
  for (const piece of pieces) {
    given.push(piece);
    yield piece;
  }
}
