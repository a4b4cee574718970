/** Browsers clip elements beyond some 33 million px; no scroller of ours is taller than this, in px. */
export const tallest = 7_000_000;

/** What is in sight: which row is at the top, how rows and pixels of the scroller relate. All heights in px. */
export interface Viewport {
  readonly rows: number;
  /** Of a row that takes one line. */
  readonly rowHeight: number;
  readonly height: number;
  /** Rows may be taller, so that fewer are in sight than would fit. */
  readonly isUneven: boolean;
}

/** How many rows of one line fit whole. */
export function rowsInSight({ height, rowHeight }: Viewport): number {
  return Math.max(1, Math.floor(height / rowHeight));
}

/** The top row that puts the last row at the bottom, if each takes one line. */
export function lastTop({ rows, height, rowHeight }: Viewport): number {
  return Math.max(0, rows - height / rowHeight);
}

/** Where rows are uneven, the last one may come up to the top. */
export function clampTop(viewport: Viewport, top: number): number {
  return Math.min(Math.max(0, top), viewport.isUneven ? Math.max(0, viewport.rows - 1) : lastTop(viewport));
}

/** How tall the scrolled content is made. */
export function contentHeight(viewport: Viewport): number {
  return Math.min(tallest, Math.max(viewport.height, viewport.rows * viewport.rowHeight));
}

/** The row, with fraction, at the top of a scroller that was moved to `scrollTop`. */
export function topOf(viewport: Viewport, scrollTop: number): number {
  const range = contentHeight(viewport) - viewport.height;
  return range <= 0 ? 0 : Math.min(1, Math.max(0, scrollTop / range)) * lastTop(viewport);
}

/** Where the scroller belongs when this row is at the top. */
export function scrollTopOf(viewport: Viewport, top: number): number {
  const last = lastTop(viewport);
  return last === 0 ? 0 : (Math.min(Math.max(0, top), last) / last) * (contentHeight(viewport) - viewport.height);
}
