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
  /** While it waits; an estimate. */
  readonly expectedStartAt: number | null;
  /** What may help a failed job, in a sentence. */
  readonly hint: string | null;
  /** The provider's own word and text. */
  readonly native: string | null;
  /** "last known, 3 min ago: connection refused" while the provider does not answer. */
  readonly staleNote: string | null;
  readonly place: string;
  readonly accelerator: string;
  readonly members: MembersView;
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
  /** What goes to where it is to be found outside Aloft is called; null when it is nowhere, or that is not known. */
  readonly locationLabel: string | null;
  readonly shell: ReachView | null;
  readonly ports: ReachView | null;
  readonly forwards: readonly ForwardView[];
  readonly outputGlobs: readonly string[];
}

/** Something that can be opened in a running job. */
export interface ReachView {
  /** Why it cannot be opened now; null when it can. */
  readonly problem: string | null;
}

/** A port of the job that can be reached from here. */
export interface ForwardView {
  readonly id: string;
  /** `6006`, `6006 of node 1`. */
  readonly label: string;
  /** Where it is reached. */
  readonly address: string;
}

/** The machines and tasks of the newest attempt; both empty for a job that is one task on a machine nobody named. */
export interface MembersView {
  readonly nodes: readonly MemberView[];
  readonly nodeCounts: readonly CountView[];
  /** Failed ones first; at most 300. */
  readonly tasks: readonly MemberView[];
  readonly taskCounts: readonly CountView[];
  /** "8 of 24 tasks, 1 failed"; null where there are not several. */
  readonly taskSentence: string | null;
  /** Tasks that are not in the list. */
  readonly moreTasks: number;
}

export interface MemberView {
  /** `node 1`, `task 3`. */
  readonly name: string;
  readonly state: JobState;
  readonly stateLabel: string;
  /** The machine; `exit code 3`. */
  readonly note: string | null;
}

export interface CountView {
  readonly state: JobState;
  /** `8 succeeded`. */
  readonly label: string;
}

/** A titled block of text on the Details tab. */
export interface DetailSection {
  readonly title: string;
  /** The native request, which can be copied. */
  readonly isRequest: boolean;
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
  | { readonly type: 'openShell' }
  | { readonly type: 'forwardPort' }
  | { readonly type: 'copyRequest' }
  | { readonly type: 'openForward' | 'copyForward' | 'stopForward'; readonly id: string }
  | { readonly type: 'refreshFiles' }
  | { readonly type: 'download'; readonly paths: readonly string[] }
  | { readonly type: 'openFile'; readonly path: string };
