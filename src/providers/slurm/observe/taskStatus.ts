import type { ObservedState } from '../../../core/jobState.ts';
import { type Ending, endingOfPair, endingOfStatus, unknownEnding } from './exitCode.ts';
import { type ExitRecord, failedBefore } from './exitRecord.ts';
import { expandTasks, type QueueRecord } from './queueRecord.ts';
import { explainReason } from './reasons.ts';
import type { AccountRecord, RunFacts } from './runFacts.ts';
import { meaningOf } from './states.ts';

/** One task of a job, or the whole job where it is no array. */
export interface TaskStatus extends Ending {
  /** null where the job is no array. */
  readonly task: number | null;
  readonly state: ObservedState | 'unknown';
  readonly ended: boolean;
  readonly nativeState: string;
  readonly reason: string | null;
  readonly explanation: string | undefined;
  /** Seconds since the epoch. */
  readonly expectedStartAt: number | null;
  /** Of what waits for nodes, when it ran last. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly nodeList: string;
}

/** Every task that is known of. Slurm's own last word counts first, then what it says now, then accounting, then the job's own record. */
export function taskStatuses(facts: RunFacts): TaskStatus[] {
  const statuses = new Map<number | null, TaskStatus>();
  const add = (task: number | null, status: () => TaskStatus): void => {
    if (!statuses.has(task)) {
      statuses.set(task, status());
    }
  };
  for (const record of [...facts.final, ...facts.queue]) {
    for (const task of tasksOf(record)) {
      add(task, () => fromQueue(record, task, facts));
    }
  }
  for (const record of facts.accounts) {
    for (const task of tasksOf(record)) {
      add(task, () => fromAccount(record, task, facts));
    }
  }
  for (const [task, record] of facts.exits) {
    // The file that was made beforehand stays empty when the job turns out to be an array.
    if (task !== null || statuses.size === 0) {
      add(task, () => fromRecord(record, task, facts));
    }
  }
  if (statuses.size === 0) {
    statuses.set(null, forgotten(facts));
  }
  return [...statuses.values()].toSorted((a, b) => (a.task ?? 0) - (b.task ?? 0));
}

function tasksOf({ tasks }: { readonly tasks: string | null }): (number | null)[] {
  return tasks === null ? [null] : expandTasks(tasks);
}

function fromQueue(record: QueueRecord, task: number | null, facts: RunFacts): TaskStatus {
  const { state: nativeState, reason, nodeList } = record;
  const meaning = meaningOf(nativeState);
  const kept = facts.exits.get(task);
  const own = kept === undefined || isOfEarlierRun(kept, record) ? undefined : kept;
  const hasStarted = nodeList !== '';
  const common = { task, nativeState, reason, nodeList };
  if (meaning === undefined) {
    return { ...common, ...unknownEnding, state: 'unknown', ended: false, explanation: undefined, ...noTimes };
  }
  if (meaning.ended) {
    const ending = endingOf(meaning.state, own, facts.codes.get(record.taskJobId));
    return {
      ...common,
      // Slurm leaves there what a job waited for that was cancelled before it ran.
      reason: meaning.state === 'cancelled' && !hasStarted ? null : reason,
      ...ending,
      state: meaning.state,
      ended: true,
      explanation: explainEnd(meaning.state, meaning.explanation, ending, own),
      expectedStartAt: null,
      startedAt: hasStarted ? record.startAt : null,
      endedAt: record.endAt,
    };
  }
  const isWaiting = meaning.state === 'queued';
  // A job that was put back before its script began has left no record, but Slurm's own line in its log.
  const hasRun = kept !== undefined || facts.requeued !== null;
  const again = isWaiting && hasRun ? whyAgain(facts.requeued, reason) : undefined;
  return {
    ...common,
    ...unknownEnding,
    state: facts.isCancelled ? 'cancelling' : (again?.state ?? meaning.state),
    ended: false,
    explanation: again?.explanation ?? (reason === null ? undefined : explainReason(reason)) ?? meaning.explanation,
    expectedStartAt: isWaiting ? record.startAt : null,
    startedAt:
      isWaiting || meaning.state === 'provisioning' ? (kept?.startedAt ?? null) : hasStarted ? record.startAt : null,
    endedAt: null,
  };
}

/** A record of before the job was put back into the queue, which takes Slurm two minutes; clocks may differ by less. */
function isOfEarlierRun({ startedAt }: ExitRecord, { startAt, nodeList }: QueueRecord): boolean {
  return nodeList !== '' && startAt !== null && startedAt + 60 < startAt;
}

const noTimes = { expectedStartAt: null, startedAt: null, endedAt: null } as const;

/** Of a job that waits though it has run before. */
function whyAgain(
  line: string | null,
  reason: string | null,
): { readonly state: ObservedState; readonly explanation: string } {
  const cause = /DUE TO ([A-Z][A-Z ]*[A-Z])/iu.exec(line ?? '')?.[1]?.toUpperCase() ?? '';
  const isHeld = reason === 'BeginTime';
  const wait = isHeld ? 'Slurm keeps it back for about two minutes and then runs it again' : 'it waits to run again';
  if (cause === 'PREEMPTION') {
    return { state: isHeld ? 'preempted' : 'queued', explanation: `It had to make room for another job; ${wait}` };
  }
  return {
    state: 'queued',
    explanation:
      cause === 'NODE FAILURE' || line === null
        ? `A node it ran on failed; ${wait}`
        : `It was put back into the queue; ${wait}`,
  };
}

function fromAccount(record: AccountRecord, task: number | null, facts: RunFacts): TaskStatus {
  const meaning = meaningOf(record.state);
  const own = facts.exits.get(task);
  const ended = meaning?.ended ?? false;
  const ending = meaning !== undefined && ended ? endingOf(meaning.state, own, record.code) : unknownEnding;
  return {
    task,
    ...ending,
    state: meaning === undefined ? 'unknown' : facts.isCancelled && !ended ? 'cancelling' : meaning.state,
    ended,
    nativeState: record.state,
    reason: record.reason,
    explanation: meaning === undefined ? undefined : explainEnd(meaning.state, meaning.explanation, ending, own),
    expectedStartAt: null,
    startedAt: record.nodeList === '' ? null : record.startAt,
    endedAt: ended ? record.endAt : null,
    nodeList: record.nodeList,
  };
}

const forgottenWord = 'no longer known to Slurm';

/** Slurm has forgotten it: the job's own record is all there is. */
function fromRecord(record: ExitRecord, task: number | null, facts: RunFacts): TaskStatus {
  const common = {
    task,
    nativeState: forgottenWord,
    reason: null,
    nodeList: record.nodes,
    expectedStartAt: null,
    startedAt: record.startedAt,
    ended: true,
  };
  if (record.state === 'running') {
    return {
      ...common,
      ...unknownEnding,
      state: facts.isCancelled ? 'cancelled' : 'failed',
      endedAt: null,
      explanation: 'Slurm no longer knows it and it left no record of its end: something ended it from outside',
    };
  }
  const ending = endingOfStatus(record.code);
  // Slurm's SIGTERM may end the command, and the script write its record, before the script has got its own.
  const isStopped = record.state === 'stopped' || ending.signal === 'SIGTERM';
  const state = isStopped && facts.isCancelled ? 'cancelled' : record.code === 0 ? 'succeeded' : 'failed';
  return {
    ...common,
    ...ending,
    state,
    endedAt: Math.max(record.endedAt, record.startedAt),
    explanation:
      record.state === 'stopped' && state === 'failed'
        ? 'Slurm ended it and has forgotten why: its time limit, a cancellation elsewhere or preemption'
        : explainEnd(state, undefined, ending, record),
  };
}

function forgotten(facts: RunFacts): TaskStatus {
  return {
    task: null,
    ...unknownEnding,
    state: facts.isCancelled ? 'cancelled' : 'failed',
    ended: true,
    nativeState: forgottenWord,
    reason: null,
    explanation: 'Slurm no longer knows it, and it never began',
    ...noTimes,
    nodeList: '',
  };
}

function endingOf(state: ObservedState, own: ExitRecord | undefined, code: string | undefined): Ending {
  if (state === 'succeeded') {
    return { exitCode: 0, signal: null };
  }
  return own !== undefined && own.state !== 'running' ? endingOfStatus(own.code) : endingOfPair(code ?? '');
}

function explainEnd(
  state: ObservedState,
  usual: string | undefined,
  { signal }: Ending,
  own: ExitRecord | undefined,
): string | undefined {
  const why = own !== undefined && own.state !== 'running' ? own.why : undefined;
  if (why !== undefined) {
    return failedBefore[why];
  }
  // What slurmstepd ends with when it cannot open the files for the output.
  if (state === 'failed' && signal === 'signal 53') {
    return failedBefore.logs;
  }
  if (usual === undefined && state === 'failed' && signal === 'SIGKILL') {
    return 'It was ended by SIGKILL, which is also what nodes send when memory runs out';
  }
  return usual;
}
