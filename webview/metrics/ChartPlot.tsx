import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

import type { SeriesPoint } from '../../src/core/metrics/series.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { chartData } from './chartData.ts';
import { type Chart, type ChartLine, lineLabel, pointsNear } from './charts.ts';
import { formatValue } from '../../src/core/metrics/formatValue.ts';
import { joined, lineColor, plotHeight, plotOptions } from './plot.ts';
import type { ChartTheme } from './theme.ts';
import { applyZoom, endZoom, isZoomed } from './zoom.ts';

/** More values are not named beside the pointer. */
const mostNamed = 8;
/** Points so near to the pointer may be meant, in px: there may be more of them than pixels. */
const reach = 5;
/** A pointer that moved less between down and up did not drag, in px. */
const clickSlack = 4;

/** Where the pointer is: the points nearest to it, and which of them it means. */
interface Pointed {
  readonly left: number;
  readonly isRight: boolean;
  readonly x: number;
  readonly points: readonly {
    readonly line: ChartLine;
    readonly position: number;
    readonly point: SeriesPoint;
    /** From the pointer, in px. */
    readonly distance: number;
  }[];
  readonly meant: number;
}

export interface ChartPlotProps {
  readonly chart: Chart;
  readonly theme: ChartTheme;
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly showLine: (runId: string, line: number) => void;
}

/** The canvas of a chart. A click, or Enter, shows the line of the log that a point comes from. */
export function ChartPlot({ chart, theme, smoothing, isLog, showLine }: ChartPlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(chart);
  shown.current = chart;
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [hasZoom, setZoomed] = useState(false);
  const pressedAt = useRef(0);
  const data = chartData(chart, smoothing, isLog);
  const shape = JSON.stringify([data.columns, chart.axis, isLog]);

  useLayoutEffect(() => {
    const element = holder.current;
    if (element === null) {
      return undefined;
    }
    const look = { theme, isLog, width: Math.max(1, element.clientWidth) };
    const moved = (one: uPlot): void => {
      setPointed(pointedAt(one, shown.current));
    };
    const options = plotOptions(chart, data, look, moved, () => {
      setZoomed(plot.current !== null && isZoomed(plot.current));
    });
    const made = new uPlot(options, joined(data), element);
    plot.current = made;
    applyZoom(chart.axis, made);
    const observer = new ResizeObserver(() => {
      made.setSize({ width: Math.max(1, element.clientWidth), height: plotHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme]);

  useEffect(() => {
    const made = plot.current;
    if (made !== null) {
      // What a person zoomed into stays in sight.
      const zoomed = isZoomed(made);
      made.setData(joined(data), !zoomed);
      if (zoomed) {
        made.redraw();
      }
    }
  }, [chart, smoothing]);

  const show = (): void => {
    const one = pointed?.points[pointed.meant];
    if (one !== undefined) {
      showLine(one.line.runId, one.point.line);
    }
  };
  const step = (by: number): void => {
    const made = plot.current;
    const line = chart.lines[0];
    if (made === null || line === undefined) {
      return;
    }
    const points = line.stretches.flatMap((stretch) => stretch.points);
    const now = points.findIndex((point) => point === pointed?.points[pointed.meant]?.point);
    const next = now === -1 ? (by > 0 ? 0 : -1) : Math.min(points.length - 1, Math.max(0, now + by));
    const point = points.at(next);
    if (point !== undefined) {
      const left = made.valToPos(point.lastX, 'x');
      made.setCursor({ left, top: Number.isFinite(point.mean) ? made.valToPos(point.mean, 'y') : plotHeight / 3 });
      // Others may be as near to where the cursor is now.
      setPointed({
        ...placeOf(made, left),
        x: point.lastX,
        points: [{ line, position: 0, point, distance: 0 }],
        meant: 0,
      });
    }
  };
  return (
    <div
      class="plot"
      ref={holder}
      tabIndex={0}
      role="application"
      aria-label={t('{0}: arrow keys go from point to point, Enter shows the line of the log', chart.name)}
      onPointerDown={(event) => {
        pressedAt.current = event.clientX;
      }}
      onClick={(event) => {
        // The end of a drag, which zooms, is a click as well.
        if (Math.abs(event.clientX - pressedAt.current) < clickSlack) {
          show();
        }
      }}
      onKeyDown={(event) => {
        const moves: Readonly<Record<string, () => void>> = {
          ArrowLeft: () => {
            step(-1);
          },
          ArrowRight: () => {
            step(1);
          },
          PageUp: () => {
            step(-10);
          },
          PageDown: () => {
            step(10);
          },
          Enter: show,
          Escape: () => {
            plot.current?.setCursor({ left: -10, top: -10 });
            endZoom(chart.axis);
          },
        };
        const move = moves[event.key];
        if (move !== undefined) {
          event.preventDefault();
          move();
        }
      }}
    >
      <span class="spoken" aria-live="polite">
        {pointed === null ? '' : spoken(chart, pointed)}
      </span>
      {hasZoom ? (
        <button
          type="button"
          class="zoom-out"
          title={t('Show all (Escape)')}
          aria-label={t('Show all (Escape)')}
          onClick={(event) => {
            event.stopPropagation();
            endZoom(chart.axis);
          }}
        >
          <Icon name="zoom-out" />
        </button>
      ) : null}
      {data.tables.every(({ columns }) => columns.flat().every((value) => value === null)) ? (
        <span class="plot-empty muted">{isLog ? t('No value above 0') : t('No finite value')}</span>
      ) : null}
      {pointed === null ? null : <Tip chart={chart} theme={theme} pointed={pointed} />}
    </div>
  );
}

function Tip({ chart, theme, pointed }: { chart: Chart; theme: ChartTheme; pointed: Pointed }) {
  const meant = pointed.points[pointed.meant];
  return (
    <div
      class="tip"
      aria-hidden="true"
      style={pointed.isRight ? { right: `calc(100% - ${pointed.left - 12}px)` } : { left: `${pointed.left + 12}px` }}
    >
      <div class="muted">{xLabel(chart, pointed)}</div>
      {nearest(pointed).map(({ line, position, point }) => (
        <div key={position} class={line === meant?.line && pointed.points.length > 1 ? 'meant' : ''}>
          <span class="swatch" style={{ background: lineColor(chart, position, theme) }} />
          <b>{valueText(point)}</b> {lineLabel(chart, line)}
        </div>
      ))}
      {pointed.points.length > mostNamed ? (
        <div class="muted">{t('and {0} more', pointed.points.length - mostNamed)}</div>
      ) : null}
      {meant === undefined ? null : (
        <div class="muted">{t('click: line {0} of the log', (meant.point.line + 1).toLocaleString())}</div>
      )}
    </div>
  );
}

/** So many that are nearest to the pointer, in the order of the chart. */
function nearest({ points }: Pointed): Pointed['points'] {
  const kept = new Set(points.toSorted((one, other) => one.distance - other.distance).slice(0, mostNamed));
  return points.filter((one) => kept.has(one));
}

function valueText({ count, broken, last, mean, min, max }: SeriesPoint): string {
  if (count === 1 || broken === count) {
    return formatValue(last);
  }
  return t('{0} ({1} to {2})', formatValue(mean), formatValue(min), formatValue(max));
}

function xLabel({ axis }: Chart, { points, x, meant }: Pointed): string {
  const at = formatValue(points[meant]?.point.lastX ?? x);
  const labels = { step: t('step {0}', at), epoch: t('epoch {0}', at), order: t('value {0}', at) };
  return labels[axis];
}

function spoken(chart: Chart, pointed: Pointed): string {
  const point = pointed.points[pointed.meant]?.point;
  return point === undefined ? '' : `${xLabel(chart, pointed)}: ${valueText(point)}`;
}

function pointedAt(plot: uPlot, chart: Chart): Pointed | null {
  const { left = -1, top = 0 } = plot.cursor;
  if (left < 0 || plot.data[0].length === 0) {
    return null;
  }
  const x = plot.posToVal(left, 'x');
  const [from, to] = [plot.posToVal(left - reach, 'x'), plot.posToVal(left + reach, 'x')];
  const distance = ({ lastX, mean }: SeriesPoint): number => {
    const aside = plot.valToPos(lastX, 'x') - left;
    const above = Number.isFinite(mean) ? plot.valToPos(mean, 'y') - top : plotHeight;
    return Math.hypot(aside, above);
  };
  const points = chart.lines.flatMap((line, position) => {
    const [point] = pointsNear(line, x, from, to).toSorted((one, other) => distance(one) - distance(other));
    return point === undefined ? [] : [{ line, position, point, distance: distance(point) }];
  });
  const least = Math.min(...points.map((one) => one.distance));
  const meant = points.findIndex((one) => one.distance === least);
  return { ...placeOf(plot, left), x, points, meant };
}

function placeOf({ over }: uPlot, left: number): Pick<Pointed, 'left' | 'isRight'> {
  return { left: left + over.offsetLeft, isRight: left > over.clientWidth / 2 };
}
