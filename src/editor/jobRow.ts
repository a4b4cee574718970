import type { EpochMs } from '../core/job.ts';
import { groupOf, type JobState } from '../core/jobState.ts';
import { formatElapsed, formatAge } from '../core/quantity.ts';
import type { JobSummary } from '../engine/jobRows.ts';
import { t } from './l10n.ts';

/** A job as one sentence in the Jobs tree. */
export interface JobRow {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Codicon id. */
  readonly icon: string;
  /** Theme colour id. */
  readonly color: string;
  /** Facts that menus match, such as `job running cancellable`. */
  readonly contextValue: string;
  /** What a screen reader says: state first. */
  readonly accessibleLabel: string;
}

interface StateLook {
  readonly label: string;
  readonly icon: string;
  readonly color: string;
}

const waiting = (label: string): StateLook => ({ label, icon: 'clock', color: 'charts.yellow' });

/** One look per state, for the tree, the status bar and the panel alike. */
export function stateLook(state: JobState): StateLook {
  const looks: Readonly<Record<JobState, StateLook>> = {
    draft: waiting(t('Draft')),
    staging: waiting(t('Preparing')),
    submitting: waiting(t('Submitting')),
    queued: waiting(t('Queued')),
    provisioning: waiting(t('Starting')),
    running: { label: t('Running'), icon: 'play', color: 'charts.green' },
    preempted: waiting(t('Preempted')),
    cancelling: { label: t('Cancelling'), icon: 'debug-stop', color: 'charts.yellow' },
    succeeded: { label: t('Succeeded'), icon: 'check', color: 'charts.green' },
    failed: { label: t('Failed'), icon: 'error', color: 'charts.red' },
    cancelled: { label: t('Cancelled'), icon: 'circle-slash', color: 'disabledForeground' },
  };
  return looks[state];
}

/** The state people see: a job that was asked to end is cancelling, whatever its provider says so far. */
export function shownState(job: { readonly state: JobState; readonly cancelRequestedAt: EpochMs | null }): JobState {
  return job.cancelRequestedAt !== null && groupOf(job.state) !== 'finished' ? 'cancelling' : job.state;
}

/** "last known, 3 min ago" while the provider does not answer; null otherwise. */
export function staleNote(
  job: { readonly observeError: string | null; readonly observedAt: EpochMs | null },
  now: EpochMs,
): string | null {
  if (job.observeError === null) {
    return null;
  }
  return job.observedAt === null ? t('not seen yet') : t('last known, {0}', formatAge(now - job.observedAt));
}

export function jobRow(job: JobSummary, place: string, now: EpochMs): JobRow {
  const state = shownState(job);
  const look = stateLook(state);
  const group = groupOf(state);
  const parts = [place, jobAccelerator(job), time(job, group, now), why(job, state, now)];
  const description = parts.filter((part) => part !== null && part !== '').join(' · ');
  const facts = ['job', group, state, ...(group !== 'finished' && state !== 'cancelling' ? ['cancellable'] : [])];
  return {
    id: job.runId,
    label: job.name,
    description,
    icon: look.icon,
    color: look.color,
    contextValue: [...facts, ...(job.providerId === 'local' ? ['located'] : [])].join(' '),
    accessibleLabel: `${look.label}: ${job.name}, ${description}`,
  };
}

function jobAccelerator(job: JobSummary): string {
  const what = job.accelerator ?? 'CPU';
  return job.nodes > 1 ? t('{0} nodes × {1}', job.nodes, what) : what;
}

function time(job: JobSummary, group: string, now: EpochMs): string | null {
  if (group === 'finished') {
    const ended = job.endedAt ?? now;
    const took = job.startedAt === null ? null : formatElapsed(Math.max(0, ended - job.startedAt));
    return [took, formatAge(Math.max(0, now - ended))].filter((part) => part !== null).join(' · ');
  }
  return formatElapsed(Math.max(0, now - (job.startedAt ?? job.createdAt)));
}

function why(job: JobSummary, state: JobState, now: EpochMs): string | null {
  const stale = staleNote(job, now);
  if (stale !== null) {
    return stale;
  }
  return state === 'running' || state === 'succeeded' || state === 'cancelled' ? null : job.reason;
}
