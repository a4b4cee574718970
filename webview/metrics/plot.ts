import uPlot from 'uplot';

import type { Chart } from './charts.ts';
import type { ChartData } from './chartData.ts';
import { formatValue } from '../../src/core/metrics/formatValue.ts';
import { keepZoom } from './zoom.ts';
import { type ChartTheme, translucent } from './theme.ts';

export const plotHeight = 190;
const labelWidth = 6.5;
const logarithmic = 3;
/** Between labels of an axis that counts. */
const wholeSteps = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

export interface PlotLook {
  readonly theme: ChartTheme;
  readonly isLog: boolean;
  readonly width: number;
}

/** The colour of a line: by run where there are several, else by rank. */
export function lineColor({ lines }: Chart, line: number, { lines: colors }: ChartTheme): string {
  const several = new Set(lines.map(({ runId }) => runId)).size > 1;
  return colors[(several ? (lines[line]?.run ?? 0) : line) % colors.length] ?? '';
}

/** Columns of one x over all tables; where a table has no such x nothing is drawn, and lines go on. */
export function joined({ tables }: ChartData): uPlot.AlignedData {
  return tables.length === 0
    ? [[]]
    : uPlot.join(tables.map(({ xs, columns }) => [[...xs], ...columns.map((one) => [...one])]));
}

export function plotOptions(
  chart: Chart,
  { columns }: ChartData,
  { theme, isLog, width }: PlotLook,
  moved: (plot: uPlot) => void,
  scaled: () => void,
): uPlot.Options {
  const axis = { stroke: theme.text, font: theme.font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };
  const isLow = (index: number): boolean => columns[index]?.kind === 'low';
  return {
    width,
    height: plotHeight,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false },
      sync: { key: chart.axis, scales: ['x', null] },
    },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in uPlot's types only
    scales: { x: { time: false }, y: isLog ? { distr: logarithmic } : {} },
    axes: [
      {
        ...axis,
        ...(chart.axis === 'epoch' ? {} : { incrs: wholeSteps }),
        size: 24,
        gap: 2,
        values: (_, splits) => splits.map(formatValue),
      },
      {
        ...axis,
        grid: {
          ...axis.grid,
          filter: (_, splits) => splits.map((split) => (!isLog || isPowerOfTen(split) ? split : null)),
        },
        gap: 4,
        values: (_, splits) => splits.map((value) => (value === null ? '' : formatValue(value))),
        size: (_, labels) => 12 + labelWidth * Math.max(3, ...(labels ?? []).map((label) => label?.length ?? 0)),
      },
    ],
    series: [
      {},
      ...columns.map(({ line, kind, isPast }) => {
        const full = lineColor(chart, line, theme);
        const color = isPast ? translucent(full, 50) : full;
        return {
          stroke: kind === 'value' ? color : kind === 'raw' ? translucent(color, 40) : 'transparent',
          width: kind === 'value' ? 1.5 : 1,
          points: { show: kind === 'value', filter: lonelyPoints, fill: color, size: 4 },
        };
      }),
    ],
    bands: columns.flatMap(({ line }, index) =>
      isLow(index) ? [{ series: [index, index + 1], fill: translucent(lineColor(chart, line, theme), 20) }] : [],
    ),
    hooks: { setCursor: [moved], setScale: [scaled], setSelect: [(plot) => keepZoom(chart.axis, plot)] },
  };
}

/** A point between two gaps is no line: without a dot it could not be seen. Where there is no gap but no value either, lines go on. */
function lonelyPoints(plot: uPlot, series: number): number[] {
  const values = Array.from(plot.data[series] ?? []).flatMap((value, index) =>
    value === undefined ? [] : [{ value, index }],
  );
  return values.flatMap(({ value, index }, at) => {
    const isLonely = typeof value === 'number' && !hasValue(values[at - 1]) && !hasValue(values[at + 1]);
    return isLonely ? [index] : [];
  });
}

function hasValue(one: { readonly value: unknown } | undefined): boolean {
  return typeof one?.value === 'number';
}

function isPowerOfTen(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}
