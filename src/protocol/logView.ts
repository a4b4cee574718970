import type { LineFilter, LineLevel, LineQuery, LogOutline, LogRow } from '../core/logRow.ts';
import type { PackedToWebview } from './packedRows.ts';
import type { MetricsToHost, MetricsToWebview } from './metricsView.ts';

/**
 * Messages between a log viewer (in a webview) and the extension. The viewer shows a *view*: a list of rows, either every line of
 * the log or those that a filter lets through. Rows are asked for as they are needed.
 */

/** A stretch of a row's visible text (ANSI escapes removed) that opens a file. */
export interface FileLink {
  readonly start: number;
  readonly end: number;
  readonly path: string;
  /** 1-based. */
  readonly line: number;
}

export interface LogRowView extends LogRow {
  readonly links: readonly FileLink[];
}

export interface LogState extends LogOutline {
  /** Told apart from the view before: a filter was set or changed, or the generation did. */
  readonly view: number;
  readonly filter: LineFilter | null;
  /** Rows of the view so far. Equal to `lines` without a filter. */
  readonly rows: number;
  /** The filter has not seen the whole log yet. */
  readonly filtering: boolean;
  /** Why the filter cannot be applied: a pattern that is none. */
  readonly filterProblem: string | null;
}

/** The end of the view, sent along whenever it grows so that following it needs no question. */
export interface LogTail {
  /** Row of the first; null when the rows before are not counted yet. */
  readonly from: number | null;
  /** At most 200. */
  readonly rows: readonly LogRowView[];
  /** The unfinished last line of each stream that has one. Empty under a filter. */
  readonly partial: readonly LogRowView[];
}

export interface FindState {
  /** As it was asked. */
  readonly id: number;
  readonly done: boolean;
  /** Rows of the view that match, so far. */
  readonly matches: number;
  /** A pattern that is none, or a search that was given up. */
  readonly problem: string | null;
  /** Of a line that is very long only the first 100 MB were searched. */
  readonly isPartial: boolean;
  /** For the overview ruler: of `rulerSteps` equal parts of the view, those with a match, in order. */
  readonly ruler: readonly number[];
}

/** Into how many equal parts the overview ruler divides the view. */
export const rulerSteps = 1_000;
/** Rows in one message, at most. */
export const mostRows = 512;
/** Matches and marks are told at most so often, in ms. */
export const tellEvery = 100;

/** Errors, warnings and failures (tracebacks) in the log, so far. */
export interface LogMarks {
  readonly errors: number;
  readonly warnings: number;
  readonly failures: number;
  readonly errorRuler: readonly number[];
  readonly warningRuler: readonly number[];
}

export type MarkKind = LineLevel | 'failure';

export type LogToWebview =
  /** `id`: to be answered with `logPainted` once it is on the screen. */
  | { readonly type: 'logState'; readonly id: number; readonly state: LogState; readonly tail: LogTail | null }
  | { readonly type: 'logRows'; readonly view: number; readonly from: number; readonly rows: readonly LogRowView[] }
  | { readonly type: 'logFound'; readonly find: FindState }
  | { readonly type: 'logMarks'; readonly marks: LogMarks }
  /** Where a step of a search or to a mark leads; `row` null: there is none. `position`: 0-based among the matches; null for a mark. */
  | { readonly type: 'logStep'; readonly row: number | null; readonly position: number | null }
  /** A stretch of the results list. */
  | { readonly type: 'logResults'; readonly id: number; readonly from: number; readonly rows: readonly ResultRow[] }
  /** All versions and all text of a line, up to 1 MB: of one that rewrote itself the newest, of others the beginning. */
  | {
      readonly type: 'logWhole';
      readonly line: number;
      readonly stream: number;
      readonly text: string;
      readonly cutBytes: number;
      readonly cutAt: 'start' | 'end';
    }
  /**
   * Show a line that was asked for, here or from outside (the Problems view, a curve). `found`: where it stands, or under a filter
   * that hides it the next line that is shown, else the last; null when none is.
   */
  | {
      readonly type: 'logReveal';
      readonly line: number;
      readonly found: { readonly row: number; readonly line: number } | null;
    }
  /** Where a line stands now that was at the top when the webview was hidden; found as by `logReveal`. */
  | {
      readonly type: 'logRestored';
      readonly line: number;
      readonly found: { readonly row: number; readonly line: number } | null;
    };

export const logPageTabs = ['log', 'metrics'] as const;

export type LogPageTab = (typeof logPageTabs)[number];

/** Of the page that shows a log file, beside the messages of its viewer and its curves. */
export type LogPageToWebview = PackedToWebview | MetricsToWebview | { readonly type: 'file'; readonly path: string };
export type LogPageToHost =
  | LogToHost
  | MetricsToHost
  | { readonly type: 'ready' }
  | { readonly type: 'tab'; readonly tab: LogPageTab };

export interface ResultRow {
  readonly row: number;
  readonly line: number;
  readonly text: string;
}

export type LogToHost =
  | { readonly type: 'logPainted'; readonly id: number }
  /** At most 512 at a time. Not answered when `view` is not the present one. */
  | { readonly type: 'logRows'; readonly view: number; readonly from: number; readonly count: number }
  /** Replaces the search before; `query` null ends it. */
  | { readonly type: 'logFind'; readonly id: number; readonly query: LineQuery | null }
  /** The next match after (or before) `row`, going round at the end. */
  | { readonly type: 'logFindStep'; readonly row: number; readonly backward: boolean }
  | { readonly type: 'logMarkStep'; readonly kind: MarkKind; readonly row: number; readonly backward: boolean }
  | { readonly type: 'logResults'; readonly id: number; readonly from: number; readonly count: number }
  /** Answered with `logReveal` as soon as it is known where the line stands, unless another is asked for before. */
  | { readonly type: 'logGoTo'; readonly line: number }
  /** Answered with `logRestored` as soon as it is known where the line stands, unless something is to be revealed. */
  | { readonly type: 'logRestore'; readonly line: number }
  | { readonly type: 'logFilter'; readonly filter: LineFilter | null }
  /** `line` -1: the unfinished line of `stream`. Not answered when there is no such line. */
  | { readonly type: 'logWhole'; readonly line: number; readonly stream: number }
  /** Copies rows, both included, that may not all be loaded. Text without ANSI escapes; `numbers`: line numbers in front. */
  | { readonly type: 'logCopy'; readonly from: number; readonly to: number; readonly numbers: boolean }
  | { readonly type: 'logOpenFile'; readonly path: string; readonly line: number }
  | { readonly type: 'logOpenLink'; readonly url: string }
  /** Saves to a file that the person chooses: the log as it was printed, or the text of the rows. */
  | { readonly type: 'logExport'; readonly what: 'log' | 'view' }
  | { readonly type: 'logAsDocument' };
