import type { EpochMs } from '../core/job.ts';
import { groupOf, type JobState } from '../core/jobState.ts';
import { t } from './l10n.ts';

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
