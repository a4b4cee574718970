import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SpanList } from '../../../../src/engine/log/spanList.ts';

const offset = fc.nat(Number.MAX_SAFE_INTEGER);
const line = fc.record({
  kind: fc.constant('line' as const),
  stream: fc.nat(1_000),
  start: offset,
  end: offset,
  time: fc.option(offset),
});
const gap = fc.record({ kind: fc.constant('gap' as const), gap: fc.nat(100), time: offset });

test('gives back what was put in, and nothing beyond', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(line, gap)), fc.nat(20), fc.nat(20), (spans, from, count) => {
      const list = new SpanList(spans);
      expect(list.length).toBe(spans.length);
      expect(list.slice(from, from + count)).toEqual(spans.slice(from, from + count));
      expect(list.at(from)).toEqual(spans[from]);
      expect(list.at(-1)).toBeUndefined();
    }),
  );
});
