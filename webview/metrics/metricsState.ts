import { type SeriesPoint } from '../../src/core/metrics/series.ts';
import { seriesKey, unpackPoints } from '../../src/core/metrics/seriesUpdate.ts';
import type { MetricsRun, MetricsSettings, MetricsToWebview } from '../../src/protocol/metricsView.ts';

/** A curve as it is known here. */
export interface Curve {
  readonly name: string;
  readonly rank: number | null;
  readonly points: readonly SeriesPoint[];
}

/** All that the curves of a panel show. */
export interface MetricsState {
  readonly runs: readonly MetricsRun[];
  /** By the id of a run. */
  readonly curves: ReadonlyMap<string, ReadonlyMap<string, Curve>>;
  readonly settings: MetricsSettings;
  /** What is wrong with the person's own patterns. */
  readonly patternErrors: readonly string[];
}

export const noMetrics: MetricsState = {
  runs: [],
  curves: new Map(),
  settings: { hidden: [], logScale: [], smoothing: 0 },
  patternErrors: [],
};

export function received(state: MetricsState, message: MetricsToWebview): MetricsState {
  switch (message.type) {
    case 'metricsRuns': {
      const kept = message.runs.map(({ id }) => [id, state.curves.get(id) ?? new Map<string, Curve>()] as const);
      return { ...state, runs: message.runs, curves: new Map(kept) };
    }
    case 'metricsSeries': {
      const curves = new Map(message.anew ? [] : state.curves.get(message.id));
      for (const { name, rank, points } of message.series) {
        curves.set(seriesKey(name, rank), { name, rank, points: unpackPoints(points) });
      }
      return { ...state, curves: new Map(state.curves).set(message.id, curves) };
    }
    case 'metricsSettings':
      return { ...state, settings: message.settings, patternErrors: message.patternErrors };
  }
}
