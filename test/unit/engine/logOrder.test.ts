import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeOrder,
  encodeOrder,
  nextOpening,
  type OrderRecord,
  orderRecordBytes,
} from '../../../src/engine/logOrder.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const opening = fc.integer({ min: 0, max: 65_535 });
const record: fc.Arbitrary<OrderRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('arrival' as const),
    stream: fc.integer({ min: 0, max: 0xffff_fffe }),
    bytes: fc.integer({ min: 0, max: 0xffff_ffff }),
    time,
    opening,
  }),
  fc.record({ kind: fc.constant('gap' as const), gap: fc.integer({ min: 0, max: 0xffff_ffff }), time, opening }),
);

test('records come back as they were written, and one that is not whole yet is left out', () => {
  fc.assert(
    fc.property(fc.array(record), fc.nat(orderRecordBytes - 1), (records, torn) => {
      const data = encodeOrder([...records, ...records.slice(0, 1)]);
      expect(data.byteLength % orderRecordBytes).toBe(0);
      const end = records.length * orderRecordBytes + (records.length === 0 ? 0 : torn);
      expect(decodeOrder(data.subarray(0, end))).toEqual(records);
    }),
  );
});

test.each([
  [Number.NaN, 0],
  [-5, 0],
  [1.9, 1],
  [Number.POSITIVE_INFINITY, 2 ** 48 - 1],
])('a provider that says its time is %s gets the nearest that can be written', (given, written) => {
  const [decoded] = decodeOrder(encodeOrder([{ kind: 'arrival', stream: 1, bytes: 2, time: given, opening: 3 }]));
  expect(decoded).toEqual({ kind: 'arrival', stream: 1, bytes: 2, time: written, opening: 3 });
});

test('openings count round', () => {
  expect([nextOpening(0), nextOpening(65_535)]).toEqual([1, 0]);
});
