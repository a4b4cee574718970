import type { Attempt, AttemptKey, ConnectionId, EpochMs, Job, JobEvent, RunId, SnapshotId } from '../core/job.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import type { JobGroup, JobState } from '../core/jobState.ts';
import type { Handle, Json, JsonObject, Plan, ProviderId } from '../core/provider.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import {
  attemptOf,
  connectionIdOf,
  eventOf,
  jobOf,
  type JobSummary,
  json,
  jsonOrNull,
  nodeOf,
  number,
  numberOrNull,
  type Row,
  runIdOf,
  specOf,
  stateOf,
  summaryOf,
  taskOf,
  text,
} from './jobRows.ts';
import type { Statements } from './statements.ts';

/** An attempt that the provider accepted and that has not ended. */
export interface LiveAttempt {
  readonly key: AttemptKey;
  readonly connectionId: ConnectionId;
  readonly providerId: ProviderId;
  readonly handle: Handle;
  readonly state: JobState;
  readonly cancelRequestedAt: EpochMs | null;
  readonly acceptedAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly spec: JobSpec;
}

export interface FollowedAttempt {
  readonly key: AttemptKey;
  readonly state: JobState;
  readonly connectionId: ConnectionId;
  readonly handle: Handle;
}

export interface UnfinishedSubmission {
  readonly key: AttemptKey;
  readonly connectionId: ConnectionId;
  readonly cancelRequestedAt: EpochMs | null;
}

export interface JournalEntry {
  readonly step: SubmissionStep;
  readonly at: EpochMs;
  readonly data: JsonObject;
}

const allGroups: readonly JobGroup[] = ['running', 'waiting', 'finished'];

/** What the store knows, for whoever asks; each answer is as of one moment. */
export class JobReader {
  protected readonly statements: Statements;

  constructor(statements: Statements) {
    this.statements = statements;
  }

  job(runId: RunId): Job | undefined {
    return this.statements.atOnce(() => {
      const row = this.statements.get('SELECT * FROM jobs WHERE run_id = ?', runId);
      return row === undefined ? undefined : jobOf(row, this.#attempts(runId));
    });
  }

  #attempts(runId: RunId): readonly Attempt[] {
    const { statements } = this;
    const attemptNumber = (row: Row): number => number(row, 'attempt');
    const nodes = Map.groupBy(
      statements.all('SELECT * FROM nodes WHERE run_id = ? ORDER BY rank', runId),
      attemptNumber,
    );
    const tasks = Map.groupBy(
      statements.all('SELECT * FROM tasks WHERE run_id = ? ORDER BY task', runId),
      attemptNumber,
    );
    const rows = statements.all(
      `SELECT a.*, e.explanation, e.expected_start_at FROM attempts a
         LEFT JOIN explanations e ON e.run_id = a.run_id AND e.attempt = a.number WHERE a.run_id = ? ORDER BY a.number`,
      runId,
    );
    return rows.map((row) => {
      const attempt = number(row, 'number');
      return attemptOf(row, (nodes.get(attempt) ?? []).map(nodeOf), (tasks.get(attempt) ?? []).map(taskOf));
    });
  }

  /** Newest first: waiting and running ones by when they were made, finished ones by when they ended. */
  summaries(
    query: { readonly groups?: readonly JobGroup[]; readonly limit?: number; readonly offset?: number } = {},
  ): readonly JobSummary[] {
    const groups = query.groups ?? allGroups;
    return this.statements
      .all(
        `SELECT j.run_id, j.name, j.state, j.accelerator, j.nodes, j.created_at, j.started_at, j.ended_at, j.reason,
                j.cancel_requested_at, a.provider_id, a.connection_id, a.native_state, a.exit_code, a.observed_at, a.observe_error,
                e.expected_start_at, ${taskCount('TRUE')} AS tasks, ${taskCount(ended)} AS tasks_ended,
                ${taskCount("t.state = 'failed'")} AS tasks_failed
           FROM jobs j JOIN attempts a ON a.run_id = j.run_id AND a.number = j.attempt
                LEFT JOIN explanations e ON e.run_id = j.run_id AND e.attempt = j.attempt
          WHERE ${oneOf(groups)}
          ORDER BY coalesce(j.ended_at, j.created_at) DESC, j.run_id DESC LIMIT ? OFFSET ?`,
        ...groups,
        query.limit ?? -1,
        query.offset ?? 0,
      )
      .map(summaryOf);
  }

  count({ groups }: { readonly groups: readonly JobGroup[] }): number {
    return this.#count(`SELECT count(*) AS n FROM jobs j WHERE ${oneOf(groups)}`, ...groups);
  }

  countFailedSince(at: EpochMs): number {
    return this.#count(
      `SELECT count(*) AS n FROM jobs
        WHERE job_group = 'finished' AND coalesce(ended_at, created_at) > ? AND state = 'failed'`,
      at,
    );
  }

  #count(sql: string, ...values: readonly (string | number)[]): number {
    const row = this.statements.get(sql, ...values);
    return row === undefined ? 0 : number(row, 'n');
  }

  events(runId: RunId): readonly JobEvent[] {
    return this.statements.all('SELECT * FROM events WHERE run_id = ? ORDER BY id', runId).map(eventOf);
  }

  liveAttempts(): readonly LiveAttempt[] {
    return this.statements
      .all(
        `SELECT a.run_id, a.number, a.connection_id, a.provider_id, a.handle, a.state, a.accepted_at, a.created_at, a.started_at,
                j.cancel_requested_at, j.spec
           FROM attempts a JOIN jobs j ON j.run_id = a.run_id AND j.attempt = a.number
          WHERE a.state NOT IN ('succeeded', 'failed', 'cancelled') AND a.handle IS NOT NULL`,
      )
      .map((row) => ({
        key: keyOf(row),
        connectionId: connectionIdOf(row),
        providerId: text(row, 'provider_id'),
        handle: json<Handle>(text(row, 'handle')),
        state: stateOf(row),
        cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
        acceptedAt: numberOrNull(row, 'accepted_at') ?? number(row, 'created_at'),
        startedAt: numberOrNull(row, 'started_at'),
        spec: specOf(row),
      }));
  }

  /** Accepted attempts that may have output and whose log is not complete. */
  attemptsToFollow(): readonly FollowedAttempt[] {
    return this.statements
      .all(
        `SELECT run_id, number, state, connection_id, handle FROM attempts
          WHERE handle IS NOT NULL AND log_status <> 'complete' AND state NOT IN ('staging', 'submitting', 'queued')`,
      )
      .map((row) => ({
        key: keyOf(row),
        state: stateOf(row),
        connectionId: connectionIdOf(row),
        handle: json<Handle>(text(row, 'handle')),
      }));
  }

  /** Not yet accepted, whoever is at it. */
  unfinishedSubmissions(): readonly UnfinishedSubmission[] {
    return this.statements
      .all(
        `SELECT a.run_id, a.number, a.connection_id, j.cancel_requested_at FROM attempts a JOIN jobs j ON j.run_id = a.run_id
          WHERE a.state IN ('staging', 'submitting')`,
      )
      .map((row) => ({
        key: keyOf(row),
        connectionId: connectionIdOf(row),
        cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
      }));
  }

  journal({ runId, attempt }: AttemptKey): readonly JournalEntry[] {
    return this.statements
      .all('SELECT step, at, data FROM journal WHERE run_id = ? AND attempt = ? ORDER BY id', runId, attempt)
      .map((row) => ({
        step: text(row, 'step') as SubmissionStep,
        at: number(row, 'at'),
        data: json<JsonObject>(text(row, 'data')),
      }));
  }

  /** The native request as it was sent. */
  plan({ runId, attempt }: AttemptKey): Plan | null {
    const row = this.statements.get('SELECT plan FROM attempts WHERE run_id = ? AND number = ?', runId, attempt);
    return row === undefined ? null : jsonOrNull<Plan>(row, 'plan');
  }

  /** The provider's newest record of the attempt, as received. */
  native({ runId, attempt }: AttemptKey): Json {
    const row = this.statements.get('SELECT native FROM attempts WHERE run_id = ? AND number = ?', runId, attempt);
    return row === undefined ? null : jsonOrNull<Json>(row, 'native');
  }

  /** Connections that some job was sent to. */
  usedConnections(): ReadonlySet<ConnectionId> {
    return new Set(this.statements.all('SELECT DISTINCT connection_id FROM attempts').map(connectionIdOf));
  }

  /** Snapshots that some job still refers to. */
  snapshotRefs(): ReadonlySet<SnapshotId> {
    const rows = this.statements.all('SELECT DISTINCT snapshot_id FROM jobs WHERE snapshot_id IS NOT NULL');
    return new Set(rows.map((row) => text(row, 'snapshot_id') as SnapshotId));
  }
}

const ended = "t.state IN ('succeeded', 'failed', 'cancelled')";

function taskCount(which: string): string {
  return `(SELECT count(*) FROM tasks t WHERE t.run_id = j.run_id AND t.attempt = j.attempt AND ${which})`;
}

/** A single group is read along its index; several are sorted. */
function oneOf(groups: readonly JobGroup[]): string {
  return groups.length === 1 ? 'j.job_group = ?' : `j.job_group IN (${groups.map(() => '?').join(', ')})`;
}

function keyOf(row: Row): AttemptKey {
  return { runId: runIdOf(row), attempt: number(row, 'number') };
}
