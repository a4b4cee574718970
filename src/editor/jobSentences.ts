import { formatAccelerator } from '../core/accelerator.ts';
import { formatStart } from '../core/estimate.ts';
import { type Attempt, currentAttempt, type EpochMs, type Job, type JobNode, type JobTask } from '../core/job.ts';
import { groupOf, isTerminal, type JobState, jobStates } from '../core/jobState.ts';
import type { TaskCounts } from '../engine/jobRows.ts';
import { explainedJob } from './failures/failureSentence.ts';
import { oneLine } from './hostileText.ts';
import { t } from './l10n.ts';
import { shownState, stateLook } from './stateLook.ts';

/** Why a job waits and when it is expected to start, as one sentence; null when neither is known. */
export function waitSentence(reason: string | null, expectedStartAt: EpochMs | null, now: EpochMs): string | null {
  const start = formatStart(expectedStartAt, now);
  if (start === null) {
    return reason;
  }
  return reason === null || reason === ''
    ? t('expected to start about {0}', start)
    : t('{0}, expected to start about {1}', reason, start);
}

/** A cloud puts addresses and the end of the log into its reason; characters that are shown of it. */
const longestNative = 200;

/** The provider's own word and how its text begins: `PENDING: Resources`. All of it is among the details. */
function nativeWordsOf(attempt: Attempt | undefined): string | null {
  const parts = [attempt?.nativeState, oneLine(attempt?.reason ?? '', longestNative)].filter(
    (part) => part !== undefined && part !== null && part !== '',
  );
  return parts.length === 0 ? null : parts.join(': ');
}

/** The same, null where the reason that is shown says it already: it is what the log says, see `loggedFailure`, and then the provider's. */
export function nativeWordsBeside(
  { reason }: Pick<Job, 'reason'>,
  attempt: Attempt | undefined,
  logged: string | null,
): string | null {
  const native = nativeWordsOf(attempt);
  return logged !== null && reason !== null && native?.includes(reason) === true ? null : native;
}

/** `8 of 24 tasks, 1 failed`; null for a job that is one. */
export function taskSentence({ total, ended, failed }: TaskCounts): string | null {
  if (total < 2) {
    return null;
  }
  return failed === 0 ? t('{0} of {1} tasks', ended, total) : t('{0} of {1} tasks, {2} failed', ended, total, failed);
}

export function countTasks(tasks: readonly JobTask[]): TaskCounts {
  return {
    total: tasks.length,
    ended: tasks.filter(({ state }) => isTerminal(state)).length,
    failed: tasks.filter(({ state }) => state === 'failed').length,
  };
}

export interface StateCount {
  readonly state: JobState;
  readonly label: string;
  readonly count: number;
}

/** How many tasks or nodes are in each state; those that ended come first. */
export function countStates(members: readonly { readonly state: JobState }[]): readonly StateCount[] {
  const counts = Map.groupBy(members, ({ state }) => state);
  const order: readonly JobState[] = ['failed', 'cancelled', 'succeeded', 'running'];
  return [...order, ...jobStates.filter((state) => !order.includes(state))].flatMap((state) => {
    const count = counts.get(state)?.length ?? 0;
    return count === 0 ? [] : [{ state, label: stateLook(state).label, count }];
  });
}

/** `node 1`, and on which machine where that is known. */
export function nodeName({ rank, host }: Pick<JobNode, 'rank' | 'host'>): string {
  return host === null ? t('node {0}', rank) : t('node {0} on {1}', rank, host);
}

export function acceleratorSentence({ spec }: Job): string {
  const what = spec.accelerator === null ? 'CPU' : formatAccelerator(spec.accelerator);
  return spec.nodes > 1 ? t('{0} nodes × {1}', spec.nodes, what) : what;
}

/** How many machines are named before the rest is only counted. */
const namedHosts = 6;

/** All that there is to say of a job beside its log, a line each. `logged`: what its log says of its failure, see `loggedFailure`. */
export function jobLines(job: Job, logged: string | null, place: string, now: EpochMs): readonly string[] {
  const attempt = currentAttempt(job);
  const state = shownState(job);
  const why =
    groupOf(state) === 'waiting'
      ? waitSentence(job.reason, attempt?.expectedStartAt ?? null, now)
      : state === 'succeeded'
        ? null
        : explainedJob(job, logged).reason;
  const native = nativeWordsBeside(job, attempt, logged);
  const hosts = (attempt?.nodes ?? []).flatMap(({ host }) => host ?? []);
  const tasks = attempt?.tasks ?? [];
  const named = hosts.slice(0, namedHosts).join(', ');
  return [
    why === null ? stateLook(state).label : `${stateLook(state).label}: ${why}`,
    ...(native === null ? [] : [t('{0} says {1}', place, native)]),
    `${place} · ${acceleratorSentence(job)}`,
    ...(hosts.length === 0
      ? []
      : [hosts.length > namedHosts ? t('on {0} and {1} more', named, hosts.length - namedHosts) : t('on {0}', named)]),
    ...(tasks.length < 2
      ? []
      : [
          t(
            '{0} tasks: {1}',
            tasks.length,
            countStates(tasks)
              .map(({ label, count }) => `${count} ${label.toLowerCase()}`)
              .join(', '),
          ),
        ]),
  ];
}
