import type { Series } from '../core/metrics/series.ts';
import { formatValue } from '../core/metrics/formatValue.ts';
import { t } from './l10n.ts';

/** Size of a curve, in px. */
const width = 240;
const height = 56;
const margin = 2;
const mostPoints = 120;

/** A small curve as an SVG image; undefined when there is nothing to draw. `color` as CSS writes it. */
export function curveImage(series: Series, color: string): string | undefined {
  const points = series.points(mostPoints).filter(({ mean }) => Number.isFinite(mean));
  const xs = points.map(({ lastX }) => lastX);
  const ys = points.map(({ mean }) => mean);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  if (points.length < 2 || left === right) {
    return undefined;
  }
  const place = (value: number, from: number, to: number, size: number): string =>
    (margin + ((value - from) / (to - from || 1)) * (size - 2 * margin)).toFixed(1);
  const lines = Map.groupBy(points, ({ segment }) => segment);
  const shapes = [...lines.values()].map((line) => {
    const path = line.map(({ lastX, mean }) => `${place(lastX, left, right, width)},${place(mean, high, low, height)}`);
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
}

/** `loss 0.4103 at step 1,200`. */
export function curveCaption(series: Series): string {
  const last = series.points().at(-1);
  const value = formatValue(last?.last ?? Number.NaN);
  switch (last?.axis) {
    case 'step':
      return t('{0} {1} at step {2}', series.name, value, formatValue(last.lastX));
    case 'epoch':
      return t('{0} {1} at epoch {2}', series.name, value, formatValue(last.lastX));
    default:
      return `${series.name} ${value}`;
  }
}
