import uPlot from 'uplot';

/** Of an axis, what a person zoomed into; charts with the same axis zoom together, those that come into sight later as well. */
const zooms = new Map<string, { readonly min: number; readonly max: number }>();

/** Keeps what was just selected in a chart. */
export function keepZoom(axis: string, plot: uPlot): void {
  const { left, width } = plot.select;
  if (width > 0) {
    zooms.set(axis, { min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') });
  }
}

export function applyZoom(axis: string, plot: uPlot): void {
  const zoom = zooms.get(axis);
  if (zoom !== undefined) {
    plot.setScale('x', zoom);
  }
}

/** Shows all again, in all charts with this axis. */
export function endZoom(axis: string): void {
  zooms.delete(axis);
  for (const one of uPlot.sync(axis).plots) {
    one.setData(one.data);
  }
}

export function isZoomed({ data: [xs], scales }: uPlot): boolean {
  return xs.length > 0 && (scales['x']?.min !== xs[0] || scales['x']?.max !== xs.at(-1));
}
