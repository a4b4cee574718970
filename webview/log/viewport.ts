/** Browsers clip elements beyond some 33 million px; no scroller of ours is taller than this, in px. */
export const tallest = 7_000_000;

/** What is in sight: which row is at the top, how rows and pixels of the scroller relate. All heights in px. */
export interface Viewport {
  readonly rows: number;
  readonly rowHeight: number;
  readonly height: number;
}

/** How many rows fit whole. */
export function rowsInSight({ height, rowHeight }: Viewport): number {
  return Math.max(1, Math.floor(height / rowHeight));
}

/** The largest top row: with it, the last row is at the bottom. */
export function lastTop(viewport: Viewport): number {
  return Math.max(0, viewport.rows - viewport.height / viewport.rowHeight);
}

export function clampTop(viewport: Viewport, top: number): number {
  return Math.min(Math.max(0, top), lastTop(viewport));
}

/** How tall the scrolled content is made. */
export function contentHeight(viewport: Viewport): number {
  return Math.min(tallest, Math.max(viewport.height, viewport.rows * viewport.rowHeight));
}

/** The row, with fraction, at the top of a scroller that was moved to `scrollTop`. */
export function topOf(viewport: Viewport, scrollTop: number): number {
  const range = contentHeight(viewport) - viewport.height;
  return range <= 0 ? 0 : clampTop(viewport, (scrollTop / range) * lastTop(viewport));
}

/** Where the scroller belongs when this row is at the top. */
export function scrollTopOf(viewport: Viewport, top: number): number {
  const last = lastTop(viewport);
  return last === 0 ? 0 : (clampTop(viewport, top) / last) * (contentHeight(viewport) - viewport.height);
}
