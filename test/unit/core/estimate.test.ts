import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatStart, settledEstimate } from '../../../src/core/estimate.ts';

const now = new Date(2026, 10, 26, 14, 0).getTime();
const minute = 60_000;
const hour = 60 * minute;

describe('settledEstimate', () => {
  test('takes the first one, and none', () => {
    expect(settledEstimate(null, now + hour, now)).toBe(now + hour);
    expect(settledEstimate(now + hour, null, now)).toBeNull();
  });

  test('keeps what is known while the next is much the same', () => {
    const known = now + 10 * hour;
    expect(settledEstimate(known, known + 59 * minute, now)).toBe(known);
    expect(settledEstimate(known, known - 59 * minute, now)).toBe(known);
    expect(settledEstimate(known, known + 61 * minute, now)).toBe(known + 61 * minute);
  });

  test('tells of two minutes even when it is soon', () => {
    const known = now + 5 * minute;
    expect(settledEstimate(known, known + 2 * minute, now)).toBe(known);
    expect(settledEstimate(known, known + 2 * minute + 1, now)).toBe(known + 2 * minute + 1);
  });

  test('never strays far from what the backend says, however small its steps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -30_000, max: 300_000 }), { maxLength: 200 }), (steps) => {
        let said = now + hour;
        let known: number | null = null;
        for (const step of steps) {
          said += step;
          known = settledEstimate(known, said, now);
          expect(Math.abs((known ?? 0) - said)).toBeLessThanOrEqual(
            Math.max(2 * minute, Math.abs((known ?? 0) - now) / 10),
          );
        }
      }),
    );
  });
});

describe('formatStart', () => {
  const at = (day: number, hours: number, minutes: number): string | null =>
    formatStart(new Date(2026, 10, day, hours, minutes).getTime(), now);

  test.each([
    [at(26, 16, 40), /^16:40$/u],
    [at(27, 9, 5), /^Fri 09:05$/u],
    [at(42, 9, 5), /12/u],
  ])('%s', (text, pattern) => {
    expect(text).toMatch(pattern);
  });

  test('has nothing to say of what is over or was never known', () => {
    expect(formatStart(null, now)).toBeNull();
    expect(formatStart(now, now)).toBeNull();
    expect(formatStart(now - hour, now)).toBeNull();
  });
});
