import { failureHint } from '../core/failureHint.ts';
import { currentAttempt, type Attempt, type EpochMs, type Job, type JobEvent } from '../core/job.ts';
import { specToInput } from '../core/jobSpec.ts';
import { groupOf, isTerminal, type JobState } from '../core/jobState.ts';
import type { Location } from '../core/provider.ts';
import type { JobFacts } from '../engine/engine.ts';
import { tellsUnseenRun } from '../engine/waitingSince.ts';
import type { DetailSection, ForwardView, JobView, PhaseView, ReachView } from '../protocol/jobPanel.ts';
import { explainedJob } from './failures/failureSentence.ts';
import { staleNote } from './jobRow.ts';
import { acceleratorSentence, nativeWordsBeside } from './jobSentences.ts';
import { t } from './l10n.ts';
import { membersView } from './membersView.ts';
import { type Ability, reachProblem } from './reach/reachProblem.ts';
import { shownState, stateLook } from './stateLook.ts';

/** What a panel shows that is not of the job itself. */
export interface Around {
  readonly isTrusted: boolean;
  /** Where the job is to be found outside Aloft, as far as that is known. */
  readonly location: Location | null;
  readonly forwards: readonly ForwardView[];
  /** What the log says of its failure, see `loggedFailure`. */
  readonly failure: string | null;
}

/** Everything a job panel shows above its log. */
export function jobView(facts: JobFacts, around: Around, now: EpochMs): JobView {
  const { job } = facts;
  const attempt = currentAttempt(job);
  const state = shownState(job);
  const { reason } = explainedJob(job, around.failure);
  return {
    runId: job.runId,
    name: job.name,
    state,
    group: groupOf(state),
    stateLabel: stateLook(state).label,
    reason,
    native: nativeWordsBeside(job, attempt, around.failure),
    expectedStartAt: groupOf(state) === 'waiting' ? (attempt?.expectedStartAt ?? null) : null,
    hint: failureHint(job),
    staleNote: facts.storeProblem ?? (attempt === undefined ? null : staleText(attempt, now)),
    place: facts.place,
    accelerator: acceleratorSentence(job),
    members: membersView(attempt),
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
    locationLabel: around.location === null ? null : locationLabel(around.location),
    shell: reachView('shell', facts, around.isTrusted),
    ports: reachView('portForward', facts, around.isTrusted),
    forwards: around.forwards,
    outputGlobs: job.spec.outputs,
  };
}

function staleText(attempt: Attempt, now: EpochMs): string | null {
  const note = staleNote(attempt, now);
  return note === null ? null : `${note}: ${attempt.observeError ?? ''}`;
}

/** Null where the provider never can, or the job has ended. */
function reachView(ability: Ability, facts: JobFacts, isTrusted: boolean): ReachView | null {
  const { job, place, abilities } = facts;
  return abilities?.[ability] !== true || isTerminal(job.state)
    ? null
    : { problem: reachProblem(ability, { job, place, abilities, isTrusted }) };
}

interface StateChange {
  readonly at: EpochMs;
  readonly state: JobState;
  readonly reason: string | null;
}

function locationLabel(location: Location): string {
  return location.kind === 'url' ? t('Open in {0}', location.site) : t('Open Run Folder');
}

/**
 * The stretches between the state changes of the timeline; stretches of the same state are joined. When the job began to run and when it
 * ended is told by the provider, whose word the rest of the panel has too; we may have noticed later. (Where it ran before that unseen and
 * then waited anew, see `AttemptRecords`, the provider's word is of that run.)
 */
export function phases(job: Job, events: readonly JobEvent[]): readonly PhaseView[] {
  const told = events.filter(({ state }) => state !== null);
  const ran = told.findIndex(({ state }) => state === 'running');
  const hasRunBefore = told
    .slice(0, ran)
    .some(({ state }, index) => state === 'preempted' || tellsUnseenRun(told, index));
  const changes = events.flatMap((event): readonly StateChange[] => {
    const { state, text, native } = event;
    const at = (event === told[ran] && !hasRunBefore ? job.startedAt : null) ?? event.at;
    return state === null ? [] : [{ at, state, reason: [text, native].filter((part) => part !== null).join('\n') }];
  });
  const created: StateChange = { at: job.createdAt, state: 'staging', reason: null };
  const first = events.find(({ state }) => state !== null);
  const known = first !== undefined && first.at <= job.createdAt;
  const all = known ? changes : [created, ...changes];
  const starts = all.filter((change, index) => change.state !== all[index - 1]?.state);
  return starts.flatMap(({ at, state, reason }, index): readonly PhaseView[] => {
    const next = starts[index + 1];
    const isLast = next === undefined || (index === starts.length - 2 && isTerminal(next.state));
    const to = (isLast ? job.endedAt : null) ?? next?.at ?? null;
    return isTerminal(state) ? [] : [{ state, label: stateLook(state).label, from: at, to, reason }];
  });
}

function details(facts: JobFacts): readonly DetailSection[] {
  const pretty = (value: unknown): string => JSON.stringify(value, null, 2);
  return [
    { title: t('Job'), isRequest: false, language: 'json', text: pretty(specToInput(facts.job.spec)) },
    ...(facts.plan === null
      ? []
      : [{ title: t('Request'), isRequest: true, language: facts.plan.language, text: facts.plan.text }]),
    ...(facts.native === null
      ? []
      : [{ title: t('Status'), isRequest: false, language: 'json', text: pretty(facts.native) }]),
  ];
}
