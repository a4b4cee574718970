import type { SQLOutputValue } from 'node:sqlite';

import type {
  Attempt,
  ConnectionId,
  EpochMs,
  Job,
  JobEvent,
  JobEventKind,
  JobNode,
  JobTask,
  RunId,
  SnapshotId,
} from '../core/job.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import type { JobState } from '../core/jobState.ts';
import type { AttemptStatus } from '../core/observe.ts';
import type { Handle } from '../core/provider.ts';

export type Row = Record<string, SQLOutputValue>;

/** Rows come from our own writer, under a schema that is checked; these put the types back that SQLite does not know. */
export const text = (row: Row, column: string): string => String(row[column]);
export const textOrNull = (row: Row, column: string): string | null =>
  row[column] === null ? null : String(row[column]);
export const number = (row: Row, column: string): number => Number(row[column]);
export const numberOrNull = (row: Row, column: string): number | null =>
  row[column] === null ? null : Number(row[column]);
export const json = <T>(value: string): T => JSON.parse(value) as T;
export const jsonOrNull = <T>(row: Row, column: string): T | null => {
  const value = textOrNull(row, column);
  return value === null ? null : json<T>(value);
};
export const runIdOf = (row: Row): RunId => text(row, 'run_id') as RunId;
export const stateOf = (row: Row): JobState => text(row, 'state') as JobState;
export const connectionIdOf = (row: Row): ConnectionId => text(row, 'connection_id') as ConnectionId;

/** A job as a list shows it, read from columns alone. */
export interface JobSummary {
  readonly runId: RunId;
  readonly name: string;
  readonly state: JobState;
  readonly providerId: string;
  readonly connectionId: ConnectionId;
  /** "H100 x 8"; null for CPU only. */
  readonly accelerator: string | null;
  readonly nodes: number;
  readonly createdAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly reason: string | null;
  readonly nativeState: string | null;
  readonly exitCode: number | null;
  readonly cancelRequestedAt: EpochMs | null;
  readonly observedAt: EpochMs | null;
  readonly observeError: string | null;
  /** When the provider expects to start it, while it waits. */
  readonly expectedStartAt: EpochMs | null;
  readonly tasks: TaskCounts;
}

/** All zero for a job that has no tasks. */
export interface TaskCounts {
  readonly total: number;
  readonly ended: number;
  /** Of those that ended. */
  readonly failed: number;
}

export function summaryOf(row: Row): JobSummary {
  return {
    runId: runIdOf(row),
    name: text(row, 'name'),
    state: stateOf(row),
    providerId: text(row, 'provider_id'),
    connectionId: connectionIdOf(row),
    accelerator: textOrNull(row, 'accelerator'),
    nodes: number(row, 'nodes'),
    createdAt: number(row, 'created_at'),
    startedAt: numberOrNull(row, 'started_at'),
    endedAt: numberOrNull(row, 'ended_at'),
    reason: textOrNull(row, 'reason'),
    nativeState: textOrNull(row, 'native_state'),
    exitCode: numberOrNull(row, 'exit_code'),
    cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
    observedAt: numberOrNull(row, 'observed_at'),
    observeError: textOrNull(row, 'observe_error'),
    expectedStartAt: numberOrNull(row, 'expected_start_at'),
    tasks: { total: number(row, 'tasks'), ended: number(row, 'tasks_ended'), failed: number(row, 'tasks_failed') },
  };
}

/** Specs that were stored before jobs had options have none. */
export function specOf(row: Row): JobSpec {
  const stored = json<Omit<JobSpec, 'options'> & Partial<JobSpec>>(text(row, 'spec'));
  return { ...stored, options: stored.options ?? {} };
}

export function jobOf(row: Row, attempts: readonly Attempt[]): Job {
  return {
    runId: runIdOf(row),
    name: text(row, 'name'),
    spec: specOf(row),
    snapshotId: textOrNull(row, 'snapshot_id') as SnapshotId | null,
    sourceFolder: text(row, 'source_folder'),
    state: stateOf(row),
    cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
    createdAt: number(row, 'created_at'),
    startedAt: numberOrNull(row, 'started_at'),
    endedAt: numberOrNull(row, 'ended_at'),
    reason: textOrNull(row, 'reason'),
    attempts,
  };
}

export function statusOf(row: Row): AttemptStatus {
  return {
    state: stateOf(row),
    nativeState: textOrNull(row, 'native_state'),
    reason: textOrNull(row, 'reason'),
    explanation: textOrNull(row, 'explanation'),
    expectedStartAt: numberOrNull(row, 'expected_start_at'),
    startedAt: numberOrNull(row, 'started_at'),
    endedAt: numberOrNull(row, 'ended_at'),
    exitCode: numberOrNull(row, 'exit_code'),
    signal: textOrNull(row, 'signal'),
    observedAt: numberOrNull(row, 'observed_at'),
  };
}

export function attemptOf(row: Row, nodes: readonly JobNode[], tasks: readonly JobTask[]): Attempt {
  return {
    ...statusOf(row),
    number: number(row, 'number'),
    connectionId: connectionIdOf(row),
    providerId: text(row, 'provider_id'),
    handle: jsonOrNull<Handle>(row, 'handle'),
    createdAt: number(row, 'created_at'),
    acceptedAt: numberOrNull(row, 'accepted_at'),
    observeError: textOrNull(row, 'observe_error'),
    nodes,
    tasks,
  };
}

export function nodeOf(row: Row): JobNode {
  return { rank: number(row, 'rank'), host: textOrNull(row, 'host'), state: stateOf(row) };
}

export function taskOf(row: Row): JobTask {
  return { index: number(row, 'task'), state: stateOf(row), exitCode: numberOrNull(row, 'exit_code') };
}

export function eventOf(row: Row): JobEvent {
  return {
    at: number(row, 'at'),
    attempt: number(row, 'attempt'),
    kind: text(row, 'kind') as JobEventKind,
    state: textOrNull(row, 'state') as JobState | null,
    text: text(row, 'text'),
    native: textOrNull(row, 'native'),
  };
}
