import { formatAccelerator } from '../core/accelerator.ts';
import { currentAttempt, type Attempt, type EpochMs, type Job, type JobEvent } from '../core/job.ts';
import { specToInput } from '../core/jobSpec.ts';
import { groupOf, isTerminal, type JobState } from '../core/jobState.ts';
import type { Json, Plan } from '../core/provider.ts';
import type { DetailSection, JobView, PhaseView } from '../protocol/jobPanel.ts';
import { shownState, staleNote, stateLooks } from './jobRow.ts';

export interface JobFacts {
  readonly job: Job;
  readonly events: readonly JobEvent[];
  /** The native request as it was sent, once there is one. */
  readonly plan: Plan | null;
  /** The provider's record as received. */
  readonly native: Json;
  readonly place: string;
  readonly canReveal: boolean;
}

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
    stateLabel: stateLooks[state].label,
    reason: job.reason,
    native: nativeText(attempt),
    staleNote: attempt === undefined ? null : staleText(attempt, now),
    place: facts.place,
    accelerator: acceleratorText(job),
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    phases: phases(job, facts.events),
    events: facts.events.map(({ at, attempt: number, kind, text, native }) => ({ at, attempt: number, kind, text, native })),
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
  const parts = [attempt?.nativeState, attempt?.reason].filter((part) => part !== null && part !== undefined && part !== '');
  return parts.length === 0 ? null : parts.join(': ');
}

function staleText(attempt: Attempt, now: EpochMs): string | null {
  const note = staleNote(attempt, now);
  return note === null ? null : `${note}: ${attempt.observeError ?? ''}`;
}

function acceleratorText(job: Job): string {
  const what = job.spec.accelerator === null ? 'CPU' : formatAccelerator(job.spec.accelerator);
  return job.spec.nodes > 1 ? `${job.spec.nodes} nodes × ${what}` : what;
}

/** The stretches between the state changes of the timeline; stretches of the same state are joined. */
export function phases(job: Job, events: readonly JobEvent[]): readonly PhaseView[] {
  const changes = events.flatMap((event) => (event.state === null ? [] : [{ at: event.at, state: event.state, reason: event.native }]));
  const first = changes[0];
  const starts = first !== undefined && first.at <= job.createdAt ? changes : [{ at: job.createdAt, state: 'staging' as JobState, reason: null }, ...changes];
  const stretches: PhaseView[] = [];
  for (const [index, change] of starts.entries()) {
    const previous = stretches.at(-1);
    if (previous !== undefined && previous.state === change.state) {
      continue;
    }
    if (previous !== undefined) {
      stretches[stretches.length - 1] = { ...previous, to: change.at };
    }
    if (isTerminal(change.state)) {
      break;
    }
    const last = index === starts.length - 1;
    stretches.push({
      state: change.state,
      label: stateLooks[change.state].label,
      from: change.at,
      to: last ? job.endedAt : null,
      reason: change.reason,
    });
  }
  return stretches;
}

function details(facts: JobFacts): readonly DetailSection[] {
  const pretty = (value: unknown): string => JSON.stringify(value, null, 2);
  return [
    { title: 'Job', language: 'json', text: pretty(specToInput(facts.job.spec)) },
    ...(facts.plan === null ? [] : [{ title: 'Request', language: facts.plan.language, text: facts.plan.text }]),
    ...(facts.native === null ? [] : [{ title: 'Status', language: 'json', text: pretty(facts.native) }]),
  ];
}
