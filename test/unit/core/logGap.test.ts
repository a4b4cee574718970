import { expect, test } from 'vitest';

import { mayConcern } from '../../../src/core/logGap.ts';
import { noFilter } from '../../../src/core/logRow.ts';

const node0 = { name: 'stdout', task: 0, node: 0 };
const node1 = { ...node0, node: 1 };
const streams = [node0, node1];
const gap = { stream: null, from: 100, to: 200, reason: 'rotated away' };

test.each([
  ['no filter but a text', gap, { include: { text: 'x', isRegex: false, matchCase: false, wholeWord: false } }, true],
  ['lines that are only late', { ...gap, cause: 'late' as const }, {}, false],
  ['a stream that is shown', { ...gap, stream: node1 }, { streams: [1] }, true],
  ['a stream that is not shown', { ...gap, stream: node0 }, { streams: [1] }, false],
  ['all streams, of which one is shown', gap, { streams: [1] }, true],
  ['a rank that is shown', { ...gap, stream: node1 }, { ranks: [1] }, true],
  ['a rank that is not shown', { ...gap, stream: node0 }, { ranks: [1] }, false],
  ['a time that is shown in part', gap, { from: 150 }, true],
  ['a time before', gap, { from: 201 }, false],
  ['a time after', gap, { to: 99 }, false],
  ['a time that nobody knows', { ...gap, from: null, to: null }, { from: 300, to: 400 }, true],
  ['a beginning that nobody knows', { ...gap, from: null }, { to: 99 }, true],
])('of a gap in %s', (_what, note, filter, expected) => {
  expect(mayConcern(note, { ...noFilter, ...filter }, streams)).toBe(expected);
});

test('the ranks of a stream that several share are not known', () => {
  expect(mayConcern({ ...gap, stream: node0 }, { ...noFilter, ranks: [1] }, [node0])).toBe(true);
});
