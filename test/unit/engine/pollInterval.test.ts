import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pollInterval, quickest } from '../../../src/engine/pollInterval.ts';

const quiet = fc.integer({ min: 0, max: 10 * 365 * 86_400_000 });

describe('the poll interval', () => {
  it('is the quickest while something changes', () => {
    expect(pollInterval({ starting: false, quietMs: 0 })).toBe(quickest);
    expect(pollInterval({ starting: true, quietMs: 5_000 })).toBe(quickest);
  });

  it('grows while nothing changes, up to ten seconds', () => {
    expect(pollInterval({ starting: false, quietMs: 120_000 })).toBeGreaterThan(5_000);
    expect(pollInterval({ starting: false, quietMs: 86_400_000 })).toBe(10_000);
  });

  it('is bounded, never shrinks with quiet, and is never longer for a job that is about to start', () => {
    fc.assert(
      fc.property(quiet, quiet, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        for (const starting of [true, false]) {
          const interval = pollInterval({ starting, quietMs: less });
          expect(interval).toBeGreaterThanOrEqual(quickest);
          expect(interval).toBeLessThanOrEqual(10_000);
          expect(pollInterval({ starting, quietMs: more })).toBeGreaterThanOrEqual(interval);
        }
        expect(pollInterval({ starting: true, quietMs: a })).toBeLessThanOrEqual(
          pollInterval({ starting: false, quietMs: a }),
        );
      }),
    );
  });
});
