import type { JobGroup, JobState } from '../core/jobState.ts';
import type { LogToHost } from './logView.ts';
import type { PackedToWebview } from './packedRows.ts';
import type { MetricsToHost, MetricsToWebview } from './metricsView.ts';

/** Messages between a job panel (a webview) and the extension. Plain JSON both ways. */

export const jobTabs = ['log', 'metrics', 'details', 'files'] as const;

export type JobTab = (typeof jobTabs)[number];

/** One stretch of the job's life, drawn as a bar as long as it took. */
export interface PhaseView {
  readonly state: JobState;
  readonly label: string;
  readonly from: number;
  /** null while it lasts. */
  readonly to: number | null;
  readonly reason: string | null;
}

export interface EventView {
  readonly at: number;
  readonly attempt: number;
  readonly kind: string;
  readonly text: string;
  readonly native: string | null;
}

/** Everything above the tabs and on the Details tab; always sent whole. */
export interface JobView {
  readonly runId: string;
  readonly name: string;
  readonly state: JobState;
  readonly group: JobGroup;
  /** "Running", "Waiting", "Cancelling". */
  readonly stateLabel: string;
  /** Why it waits, or how it ended. */
  readonly reason: string | null;
  /** The provider's own word and text. */
  readonly native: string | null;
  /** "last known, 3 min ago: connection refused" while the provider does not answer. */
  readonly staleNote: string | null;
  readonly place: string;
  readonly accelerator: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly phases: readonly PhaseView[];
  readonly events: readonly EventView[];
  readonly command: string;
  readonly sourceFolder: string;
  readonly snapshot: string | null;
  readonly details: readonly DetailSection[];
  readonly canCancel: boolean;
  readonly canReveal: boolean;
  readonly outputGlobs: readonly string[];
}

/** A titled block of text on the Details tab. */
export interface DetailSection {
  readonly title: string;
  readonly language: string;
  readonly text: string;
}

export interface FileView {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: number | null;
}

export type FilesState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'listed'; readonly files: readonly FileView[] }
  | { readonly kind: 'failed'; readonly message: string };

export type PanelToWebview =
  | { readonly type: 'job'; readonly job: JobView; readonly tab: JobTab }
  | { readonly type: 'gone'; readonly message: string }
  | PackedToWebview
  | MetricsToWebview
  | { readonly type: 'files'; readonly files: FilesState };

export type PanelToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'tab'; readonly tab: JobTab }
  | LogToHost
  | MetricsToHost
  | { readonly type: 'cancel' }
  | { readonly type: 'submitAgain' }
  | { readonly type: 'copyRunId' }
  | { readonly type: 'reveal' }
  | { readonly type: 'refreshFiles' }
  | { readonly type: 'download'; readonly paths: readonly string[] }
  | { readonly type: 'openFile'; readonly path: string };
