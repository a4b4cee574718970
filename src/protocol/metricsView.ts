import type { SeriesUpdate } from '../core/metrics/seriesUpdate.ts';

/** Messages between the curves of a panel (in a webview) and the extension. */

/** A log whose curves are shown. */
export interface MetricsRun {
  /** Run id of a job, or the path of a file. */
  readonly id: string;
  readonly name: string;
  /** How much of the log was looked at, from 0 to 1. */
  readonly progress: number;
  /** More names are printed than are kept. */
  readonly refused: boolean;
  /** Why its curves may be incomplete. */
  readonly problem: string | null;
  /** The nodes it ran on, where it was more than one: what a node printed has its number in place of a rank unless the line names one. */
  readonly nodes: readonly number[];
}

/** What a person set; the same for every panel. */
export interface MetricsSettings {
  /** Names of metrics. */
  readonly hidden: readonly string[];
  /** Names of metrics whose values are drawn on a logarithmic scale. */
  readonly logScale: readonly string[];
  /** From 0, none, to below 1; see `smoothed`. */
  readonly smoothing: number;
}

export type MetricsToWebview =
  /** The panel's own log first, then those beside it. Curves of others are to be forgotten. */
  | { readonly type: 'metricsRuns'; readonly runs: readonly MetricsRun[] }
  /** `anew`: curves of this log that came before are void. */
  | {
      readonly type: 'metricsSeries';
      readonly id: string;
      readonly anew: boolean;
      readonly series: readonly SeriesUpdate[];
    }
  | { readonly type: 'metricsSettings'; readonly settings: MetricsSettings; readonly patternErrors: readonly string[] };

export type MetricsToHost =
  | { readonly type: 'metricsSet'; readonly settings: MetricsSettings }
  /** Asks which other jobs are to be shown beside this one. */
  | { readonly type: 'metricsCompare' }
  | { readonly type: 'metricsRemove'; readonly id: string }
  /** Shows the line of the log that a point comes from. */
  | { readonly type: 'metricsLine'; readonly id: string; readonly line: number }
  /** Saves all points of the metrics of these names, or of all, of the panel's own log. */
  | { readonly type: 'metricsExport'; readonly names: readonly string[] | null }
  | { readonly type: 'metricsAddPattern' };
