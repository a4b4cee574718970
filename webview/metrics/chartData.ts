import { smoothed } from '../../src/core/metrics/smoothing.ts';
import type { Chart, Stretch } from './charts.ts';

/** What one column of the drawn data is. */
export interface Column {
  /** Position of its line in the chart. */
  readonly line: number;
  /** `raw`: behind a smoothed one. `low` and `high`: what lies between was printed too. */
  readonly kind: 'value' | 'raw' | 'low' | 'high';
  /** Of a stretch before a restart. */
  readonly isPast: boolean;
}

/** A stretch as it is drawn: its x and its columns. */
export interface Table {
  readonly xs: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
}

export interface ChartData {
  readonly tables: readonly Table[];
  /** Of all tables, in their order. */
  readonly columns: readonly Column[];
}

/** What is to be drawn of a chart. On a logarithmic scale there is no place for what is not above 0; NaN is a gap. */
export function chartData({ lines }: Chart, smoothing: number, isLog: boolean): ChartData {
  const tables: Table[] = [];
  const columns: Column[] = [];
  for (const [line, { stretches }] of lines.entries()) {
    for (const [index, stretch] of stretches.entries()) {
      const parts = columnsOf(stretch, smoothing);
      tables.push({ xs: stretch.xs, columns: parts.map(({ values }) => values.map((value) => drawn(value, isLog))) });
      const isPast = index < stretches.length - 1;
      columns.push(...parts.map(({ kind }) => ({ line, kind, isPast })));
    }
  }
  return { tables, columns };
}

function columnsOf(
  { points }: Stretch,
  smoothing: number,
): readonly { readonly kind: Column['kind']; readonly values: readonly number[] }[] {
  const means = points.map(({ mean }) => mean);
  const spread = points.some(({ count }) => count > 1)
    ? ([
        { kind: 'high', values: points.map(({ max }) => max) },
        { kind: 'low', values: points.map(({ min }) => min) },
      ] as const)
    : [];
  return smoothing === 0
    ? [...spread, { kind: 'value', values: means }]
    : [
        { kind: 'raw', values: means },
        { kind: 'value', values: smoothed(means, smoothing) },
      ];
}

function drawn(value: number, isLog: boolean): number | null {
  return Number.isFinite(value) && (!isLog || value > 0) ? value : null;
}
