import type { EpochMs } from '../core/job.ts';
import { groupOf, type JobState } from '../core/jobState.ts';
import type { Abilities } from '../core/provider.ts';
import { formatElapsed, formatAge } from '../core/quantity.ts';
import type { JobSummary } from '../engine/jobRows.ts';
import { oneLine } from './hostileText.ts';
import { taskSentence, waitSentence } from './jobSentences.ts';
import { t } from './l10n.ts';
import { shownState, stateLook } from './stateLook.ts';

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

/** `abilities`: of its provider; undefined when its connection is gone. */
export function jobRow(job: JobSummary, place: string, now: EpochMs, abilities: Abilities | undefined): JobRow {
  const state = shownState(job);
  const look = stateLook(state);
  const reason = oneLine(why(job, state, now) ?? '', longestReason);
  // What stands at the end is cut off in a narrow view.
  const parts = [place, reason, jobAccelerator(job), taskSentence(job.tasks), time(job, groupOf(state), now)];
  const description = parts.filter((part) => part !== null && part !== '').join(' · ');
  return {
    id: job.runId,
    label: job.name,
    description,
    icon: look.icon,
    color: look.color,
    contextValue: facts(job, state, abilities).join(' '),
    accessibleLabel: `${look.label}: ${job.name}, ${description}`,
  };
}

/** Characters of it in a row. */
const longestReason = 300;

const notSentYet: ReadonlySet<JobState> = new Set(['draft', 'staging', 'submitting']);

function facts(job: JobSummary, state: JobState, abilities: Abilities | undefined): readonly string[] {
  const group = groupOf(state);
  const isOpen = state === 'running';
  return [
    'job',
    group,
    state,
    ...(group !== 'finished' && state !== 'cancelling' ? ['cancellable'] : []),
    ...(notSentYet.has(job.state) ? [] : ['located']),
    ...(isOpen && abilities?.shell === true ? ['shell'] : []),
    ...(isOpen && abilities?.portForward === true ? ['ports'] : []),
  ];
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
  if (groupOf(state) === 'waiting') {
    return waitSentence(job.reason, job.expectedStartAt, now);
  }
  return state === 'running' || state === 'succeeded' || state === 'cancelled' ? null : job.reason;
}
