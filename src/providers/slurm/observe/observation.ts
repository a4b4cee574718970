import type { EpochMs, JobNode, JobTask } from '../../../core/job.ts';
import { type ObservedState, waits } from '../../../core/jobState.ts';
import type { Json, Observation } from '../../../core/provider.ts';
import { expandHostList } from './hostList.ts';
import type { RunFacts } from './runFacts.ts';
import { type TaskStatus, taskStatuses } from './taskStatus.ts';

/** What one look at the cluster told of a run, in the contract's words. `now`: seconds since the epoch, by the clock there. */
export function observationOf(facts: RunFacts, now: number): Observation {
  const tasks = taskStatuses(facts);
  const leading = leadingTask(tasks);
  const ended = tasks.every((task) => task.ended);
  const state = leading.state;
  const explanation = tasks.length > 1 ? arrayExplanation(tasks, leading) : leading.explanation;
  const expected = milliseconds(leading.expectedStartAt);
  return {
    state,
    nativeState: leading.nativeState,
    reason: leading.reason,
    ...(explanation === undefined ? {} : { explanation }),
    ...(expected === null || expected <= now * 1000 ? {} : { expectedStartAt: expected }),
    observedAt: Math.floor(now * 1000),
    startedAt: milliseconds(startOf(tasks, leading)),
    endedAt: ended ? endOf(tasks) : null,
    exitCode: ended ? leading.exitCode : null,
    signal: ended ? leading.signal : null,
    nodes: nodesOf(leading, state),
    tasks: tasks.flatMap(taskOf),
    native: nativeOf(facts),
  };
}

/** True when nothing will be added to the log any more. */
export function hasEnded(facts: RunFacts): boolean {
  return taskStatuses(facts).every((task) => task.ended);
}

/** Which task speaks for the whole: what still goes on before what waits, what waits before what has ended, the worst end first. */
const importance: readonly (ObservedState | 'unknown')[] = [
  'cancelling',
  'running',
  'provisioning',
  'preempted',
  'queued',
  'unknown',
  'failed',
  'cancelled',
  'succeeded',
];

function leadingTask(tasks: readonly TaskStatus[]): TaskStatus {
  const rank = ({ state, ended }: TaskStatus): number => importance.indexOf(state) + (ended ? importance.length : 0);
  const [first, ...rest] = tasks;
  if (first === undefined) {
    throw new RangeError('A job has at least one task.');
  }
  return rest.reduce((best, task) => (rank(task) < rank(best) ? task : best), first);
}

function arrayExplanation(tasks: readonly TaskStatus[], leading: TaskStatus): string | undefined {
  const alike = tasks.filter(({ state }) => state === leading.state);
  if (alike.length === tasks.length || leading.explanation === undefined) {
    return leading.explanation;
  }
  return `${alike.length} of ${tasks.length} tasks: ${leading.explanation}`;
}

function endOf(tasks: readonly TaskStatus[]): EpochMs | null {
  const ends = tasks.flatMap(({ endedAt, startedAt }) => (endedAt === null ? [] : [Math.max(endedAt, startedAt ?? 0)]));
  return ends.length === 0 ? null : Math.max(...ends) * 1000;
}

/** When the first of them began; while all that have not ended wait, when one last did: the wait counts from after that. */
function startOf(tasks: readonly TaskStatus[], { state }: TaskStatus): number | null {
  const known = tasks.map(({ startedAt }) => startedAt).filter((time) => time !== null);
  if (known.length === 0) {
    return null;
  }
  return waits(state) ? Math.max(...known) : Math.min(...known);
}

function milliseconds(seconds: number | null): EpochMs | null {
  return seconds === null ? null : seconds * 1000;
}

function nodesOf({ nodeList }: TaskStatus, state: ObservedState | 'unknown'): JobNode[] {
  return state === 'unknown' ? [] : expandHostList(nodeList).map((host, rank) => ({ rank, host, state }));
}

function taskOf({ task, state, exitCode }: TaskStatus): JobTask[] {
  return task === null ? [] : [{ index: task, state: state === 'unknown' ? 'running' : state, exitCode }];
}

/** What Slurm and the job said, as far as it lasts: the same each time once the job has ended. */
function nativeOf({ queue, final, codes, exits, accounts }: RunFacts): Json {
  const records = final.length > 0 && final.length >= queue.length ? final : queue;
  return {
    squeue: records.map((record) => ({ ...record })),
    sacct: accounts.map((record) => ({ ...record })),
    exitCodes: Object.fromEntries(codes),
    record: [...exits].map(([task, record]) => ({
      task,
      ...record,
      why: record.state === 'running' ? null : (record.why ?? null),
    })),
  };
}
