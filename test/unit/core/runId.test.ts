import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRunId, type RunId } from '../../../src/core/job.ts';
import { mintRunId } from '../../../src/core/runId.ts';

const latest = 2 ** 48 - 1;
const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);
const ones = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(255);

test.each([
  [0, zeros, '00000000000000000000000000'],
  [1_469_918_176_385, zeros, '01ARYZ6S410000000000000000'],
  [latest, ones, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'],
])('time %d is written as the ULID specification says', (now, random, id) => {
  expect(mintRunId(now, random)).toBe(id);
});

test('ids are well formed, differ, and sort in the order they were minted, whatever the clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: latest - 1 }), fc.integer({ min: 0, max: 3 })), { minLength: 1 }),
      (times) => {
        const ids: RunId[] = [];
        for (const now of times) {
          ids.push(mintRunId(now, randomBytes, ids.at(-1)));
        }
        expect(ids.every(isRunId)).toBe(true);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.toSorted()).toEqual(ids);
      },
    ),
  );
});

test('an id minted without a previous one carries its own time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: latest - 1 }), fc.integer({ min: 1, max: 1000 }), (now, later) => {
      const first = mintRunId(now, ones);
      const second = mintRunId(Math.min(latest, now + later), zeros);
      expect(first < second).toBe(true);
    }),
  );
});

test('within one millisecond the chance part counts on, also over a row of highest digits', () => {
  const first = mintRunId(5, ones);
  const second = mintRunId(5, zeros, first);
  expect(second).toBe('00000000060000000000000000');
  expect(mintRunId(5, zeros, second)).toBe('00000000060000000000000001');
});

test.each([-1, latest + 1, Number.NaN, Number.POSITIVE_INFINITY])('the time %d is refused', (now) => {
  expect(() => mintRunId(now, zeros)).toThrow(RangeError);
});

test('after the very last id there is no other', () => {
  expect(() => mintRunId(latest, zeros, mintRunId(latest, ones))).toThrow(RangeError);
});
