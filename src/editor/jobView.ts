import { formatAccelerator } from '../core/accelerator.ts';
import { currentAttempt, type Attempt, type EpochMs, type Job, type JobEvent } from '../core/job.ts';
import { specToInput } from '../core/jobSpec.ts';
import { groupOf, isTerminal, type JobState } from '../core/jobState.ts';
import type { JobFacts } from '../engine/engine.ts';
import type { DetailSection, JobView, PhaseView } from '../protocol/jobPanel.ts';
import { shownState, staleNote, stateLook } from './jobRow.ts';
import { t } from './l10n.ts';

/** Everything a job panel shows above its log. */
export function jobView(facts: JobFacts, now: EpochMs): JobView {
  const { job } = facts;
  const attempt = currentAttempt(job);
  const state = shownState(job);
  return {
    runId: job.runId,
    name: job.name,
    state,
    group: groupOf(state),
    stateLabel: stateLook(state).label,
    reason: job.reason,
    native: nativeText(attempt),
    staleNote: facts.storeProblem ?? (attempt === undefined ? null : staleText(attempt, now)),
    place: facts.place,
    accelerator: acceleratorText(job),
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    phases: phases(job, facts.events),
    events: facts.events.map(({ at, attempt: number, kind, text, native }) => ({
      at,
      attempt: number,
      kind,
      text,
      native,
    })),
    command: job.spec.command,
    sourceFolder: job.sourceFolder,
    snapshot: job.snapshotId,
    details: details(facts),
    canCancel: !isTerminal(job.state) && job.cancelRequestedAt === null,
    canReveal: facts.canReveal,
    outputGlobs: job.spec.outputs,
  };
}

function nativeText(attempt: Attempt | undefined): string | null {
  const parts = [attempt?.nativeState, attempt?.reason].filter(
    (part) => part !== null && part !== undefined && part !== '',
  );
  return parts.length === 0 ? null : parts.join(': ');
}

function staleText(attempt: Attempt, now: EpochMs): string | null {
  const note = staleNote(attempt, now);
  return note === null ? null : `${note}: ${attempt.observeError ?? ''}`;
}

function acceleratorText(job: Job): string {
  const what = job.spec.accelerator === null ? 'CPU' : formatAccelerator(job.spec.accelerator);
  return job.spec.nodes > 1 ? t('{0} nodes × {1}', job.spec.nodes, what) : what;
}

interface StateChange {
  readonly at: EpochMs;
  readonly state: JobState;
  readonly reason: string | null;
}

/** The stretches between the state changes of the timeline; stretches of the same state are joined. */
export function phases(job: Job, events: readonly JobEvent[]): readonly PhaseView[] {
  const changes = events.flatMap(({ at, state, native }): readonly StateChange[] =>
    state === null ? [] : [{ at, state, reason: native }],
  );
  const created: StateChange = { at: job.createdAt, state: 'staging', reason: null };
  const known = (changes[0]?.at ?? Number.POSITIVE_INFINITY) <= job.createdAt;
  const all = known ? changes : [created, ...changes];
  const starts = all.filter((change, index) => change.state !== all[index - 1]?.state);
  return starts.flatMap(({ at, state, reason }, index): readonly PhaseView[] =>
    isTerminal(state)
      ? []
      : [{ state, label: stateLook(state).label, from: at, to: starts[index + 1]?.at ?? job.endedAt, reason }],
  );
}

function details(facts: JobFacts): readonly DetailSection[] {
  const pretty = (value: unknown): string => JSON.stringify(value, null, 2);
  return [
    { title: t('Job'), language: 'json', text: pretty(specToInput(facts.job.spec)) },
    ...(facts.plan === null ? [] : [{ title: t('Request'), language: facts.plan.language, text: facts.plan.text }]),
    ...(facts.native === null ? [] : [{ title: t('Status'), language: 'json', text: pretty(facts.native) }]),
  ];
}
