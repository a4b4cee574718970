import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  clampTop,
  contentHeight,
  lastTop,
  scrollTopOf,
  tallest,
  topOf,
  type Viewport,
} from '../../../../webview/log/viewport.ts';

const viewports = fc.record({
  rows: fc.integer({ min: 0, max: 100_000_000 }),
  rowHeight: fc.double({ min: 10, max: 60, noNaN: true }),
  height: fc.integer({ min: 1, max: 3_000 }),
  isUneven: fc.constant(false),
});

const mostScrolled = (viewport: Viewport): number => contentHeight(viewport) - viewport.height;

describe('the scroller of a log', () => {
  it('is never taller than a browser can draw, and reaches the first and the last row exactly', () => {
    fc.assert(
      fc.property(viewports, (viewport) => {
        expect(contentHeight(viewport)).toBeLessThanOrEqual(Math.max(tallest, viewport.height));
        expect(topOf(viewport, 0)).toBe(0);
        if (mostScrolled(viewport) > 0) {
          expect(topOf(viewport, mostScrolled(viewport))).toBe(lastTop(viewport));
          expect(lastTop(viewport) + viewport.height / viewport.rowHeight).toBeCloseTo(viewport.rows, 3);
        }
      }),
    );
  });

  it('moves down the log as it is moved down', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(viewports, share, share, (viewport, one, other) => {
        const most = mostScrolled(viewport);
        const [higher, lower] = [Math.min(one, other) * most, Math.max(one, other) * most];
        expect(topOf(viewport, higher)).toBeLessThanOrEqual(topOf(viewport, lower));
      }),
    );
  });

  it('stands where the row at the top says, within one px', () => {
    fc.assert(
      fc.property(viewports, fc.double({ min: 0, max: 1, noNaN: true }), (viewport, share) => {
        const scrollTop = share * mostScrolled(viewport);
        fc.pre(lastTop(viewport) > 0);
        expect(Math.abs(scrollTopOf(viewport, topOf(viewport, scrollTop)) - scrollTop)).toBeLessThan(1);
      }),
    );
  });

  it('lets the last row come to the top where rows are taller than one line', () => {
    const viewport = { rows: 100, rowHeight: 20, height: 400, isUneven: true };
    expect(clampTop(viewport, 1_000)).toBe(99);
    expect(clampTop({ ...viewport, isUneven: false }, 1_000)).toBe(80);
    expect(clampTop(viewport, -5)).toBe(0);
  });
});
