import type { DatabaseSync } from 'node:sqlite';

import { formatAccelerator } from '../core/accelerator.ts';
import { type Disposable, Emitter, type Event } from '../core/event.ts';
import {
  type Attempt,
  type AttemptKey,
  type ConnectionId,
  type EpochMs,
  type Job,
  type JobEvent,
  type RunId,
  type SnapshotId,
} from '../core/job.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import { groupOf, isTerminal, type JobGroup, type JobState, mayFollow, type TerminalState } from '../core/jobState.ts';
import { applyObservation, type AttemptStatus, sameStatus } from '../core/observe.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Handle, Json, JsonObject, Observation, Plan, ProviderId } from '../core/provider.ts';
import { endReason, stateSentence } from '../core/stateSentence.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import { type Damage, openDatabase, Statements, transaction } from './database.ts';
import {
  attemptOf,
  connectionIdOf,
  eventOf,
  jobOf,
  type JobSummary,
  json,
  jsonOrNull,
  nativeOf,
  nodeOf,
  number,
  numberOrNull,
  type Row,
  runIdOf,
  stateOf,
  summaryOf,
  taskOf,
  text,
} from './jobRows.ts';
import { type LogPosition, LogRecords, type LogState } from './logRecords.ts';
import { StoreChanges } from './storeChanges.ts';

export type { JobSummary } from './jobRows.ts';
export type { LogState, LogStatus, RecordedGap } from './logRecords.ts';

export interface NewJob {
  readonly runId: RunId;
  readonly name: string;
  readonly spec: JobSpec;
  readonly sourceFolder: string;
  readonly connectionId: ConnectionId;
  readonly providerId: ProviderId;
  /** Paths that go with the code although they would be held back. */
  readonly include: readonly string[];
}

/** An attempt as a backend knows it, on its way back into a store that lost it. */
export interface AdoptedAttempt {
  readonly key: AttemptKey;
  readonly connectionId: ConnectionId;
  readonly providerId: ProviderId;
  readonly handle: Handle;
  readonly name: string;
  readonly spec: JobSpec;
  readonly createdAt: EpochMs;
}

/** Which jobs may differ from what was read before; deleted ones are among them. */
export interface StoreChange {
  readonly runIds: ReadonlySet<RunId>;
}

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

export interface StoredConnection {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  readonly settings: JsonObject;
}

export interface StoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Unique to this process; holds claims and leases. */
  readonly session: string;
}

const allGroups: readonly JobGroup[] = ['running', 'waiting', 'finished'];

/** Opens the store of a folder; see `openDatabase` for what can go wrong. */
export function openStore(folder: string, deps: StoreDeps): { store: JobStore; damaged: Damage | null } {
  const { database, damaged } = openDatabase(folder, String(deps.clock.now()));
  if (damaged !== null) {
    deps.logger.error(`the store was damaged (${damaged.reason}); it is now ${damaged.movedTo}`);
  }
  return { store: new JobStore(database, deps), damaged };
}

/**
 * All that is known about jobs, on disk, shared by every window. The one class that writes it; each method that writes is one
 * transaction, durable before it returns.
 */
export class JobStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #clock: Clock;
  readonly #session: string;
  readonly #logs: LogRecords;
  readonly #changes: StoreChanges;
  readonly #changed = new Emitter<StoreChange>();

  constructor(database: DatabaseSync, deps: StoreDeps) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#clock = deps.clock;
    this.#session = deps.session;
    this.#logs = new LogRecords(this.#statements);
    this.#changes = new StoreChanges(this.#statements, (runIds) => {
      this.#changed.fire({ runIds });
    });
  }

  /** Own writes at once, those of other processes within 250 ms. */
  readonly onDidChange: Event<StoreChange> = (listener) => {
    const subscription = this.#changed.event(listener);
    this.#changes.watch(this.#changed.hasListeners);
    return {
      dispose: () => {
        subscription.dispose();
        this.#changes.watch(this.#changed.hasListeners);
      },
    };
  };

  // Reading

  job(runId: RunId): Job | undefined {
    const row = this.#get('SELECT * FROM jobs WHERE run_id = ?', runId);
    return row === undefined ? undefined : jobOf(row, this.#attempts(runId));
  }

  #attempts(runId: RunId): readonly Attempt[] {
    const nodes = Map.groupBy(this.#all('SELECT * FROM nodes WHERE run_id = ? ORDER BY rank', runId), (row) => number(row, 'attempt'));
    const tasks = Map.groupBy(this.#all('SELECT * FROM tasks WHERE run_id = ? ORDER BY task', runId), (row) => number(row, 'attempt'));
    return this.#all('SELECT * FROM attempts WHERE run_id = ? ORDER BY number', runId).map((row) => {
      const attempt = number(row, 'number');
      return attemptOf(row, (nodes.get(attempt) ?? []).map(nodeOf), (tasks.get(attempt) ?? []).map(taskOf));
    });
  }

  /** Newest first: waiting and running ones by when they were made, finished ones by when they ended. */
  summaries(query: { readonly groups?: readonly JobGroup[]; readonly limit?: number; readonly offset?: number } = {}): readonly JobSummary[] {
    return this.#all(
      `SELECT j.run_id, j.name, j.state, j.accelerator, j.nodes, j.created_at, j.started_at, j.ended_at, j.reason,
              j.cancel_requested_at, a.provider_id, a.connection_id, a.native_state, a.exit_code, a.observed_at, a.observe_error
         FROM jobs j JOIN attempts a ON a.run_id = j.run_id AND a.number = j.attempt
        WHERE j.grp IN (SELECT value FROM json_each(?))
        ORDER BY coalesce(j.ended_at, j.created_at) DESC LIMIT ? OFFSET ?`,
      JSON.stringify(query.groups ?? allGroups),
      query.limit ?? -1,
      query.offset ?? 0,
    ).map(summaryOf);
  }

  count(query: { readonly groups: readonly JobGroup[] }): number {
    const row = this.#get('SELECT count(*) AS n FROM jobs WHERE grp IN (SELECT value FROM json_each(?))', JSON.stringify(query.groups));
    return row === undefined ? 0 : number(row, 'n');
  }

  countFailedSince(at: EpochMs): number {
    const row = this.#get("SELECT count(*) AS n FROM jobs WHERE grp = 'finished' AND state = 'failed' AND coalesce(ended_at, created_at) > ?", at);
    return row === undefined ? 0 : number(row, 'n');
  }

  events(runId: RunId): readonly JobEvent[] {
    return this.#all('SELECT * FROM events WHERE run_id = ? ORDER BY id', runId).map(eventOf);
  }

  liveAttempts(): readonly LiveAttempt[] {
    return this.#all(
      `SELECT a.*, j.cancel_requested_at, j.spec FROM attempts a JOIN jobs j ON j.run_id = a.run_id AND j.attempt = a.number
        WHERE a.state NOT IN ('succeeded', 'failed', 'cancelled') AND a.handle IS NOT NULL`,
    ).flatMap((row): readonly LiveAttempt[] => {
      const handle = jsonOrNull<Handle>(row, 'handle');
      return handle === null
        ? []
        : [
            {
              key: { runId: runIdOf(row), attempt: number(row, 'number') },
              connectionId: connectionIdOf(row),
              providerId: text(row, 'provider_id'),
              handle,
              state: stateOf(row),
              cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
              acceptedAt: numberOrNull(row, 'accepted_at') ?? number(row, 'created_at'),
              startedAt: numberOrNull(row, 'started_at'),
              spec: json<JobSpec>(text(row, 'spec')),
            },
          ];
    });
  }

  /** The native request as it was sent. */
  plan(key: AttemptKey): Plan | null {
    const row = this.#attemptRow(key);
    return row === undefined ? null : jsonOrNull<Plan>(row, 'plan');
  }

  /** The provider's newest record of the attempt, as received. */
  native(key: AttemptKey): Json {
    const row = this.#attemptRow(key);
    return row === undefined ? null : nativeOf(row);
  }

  /** Snapshots that some job still refers to. */
  snapshotRefs(): ReadonlySet<SnapshotId> {
    const rows = this.#all('SELECT DISTINCT snapshot_id FROM jobs WHERE snapshot_id IS NOT NULL');
    return new Set(rows.map((row) => text(row, 'snapshot_id') as SnapshotId));
  }

  // Submission journal

  /** The job, its first attempt and the journal's first step, claimed by this process. */
  createJob(job: NewJob, claimMs: number): 'created' | 'exists' {
    return this.#write(() => {
      if (this.#get('SELECT 1 FROM jobs WHERE run_id = ?', job.runId) !== undefined) {
        return 'exists';
      }
      const now = this.#clock.now();
      this.#run(
        `INSERT INTO jobs (run_id, name, spec, accelerator, nodes, source_folder, session, state, grp, created_at, attempt, changed)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'staging', 'waiting', ?, 1, 0)`,
        job.runId,
        job.name,
        JSON.stringify(job.spec),
        job.spec.accelerator === null ? null : formatAccelerator(job.spec.accelerator),
        job.spec.nodes,
        job.sourceFolder,
        this.#session,
        now,
      );
      this.#insertAttempt({ runId: job.runId, attempt: 1 }, job, { now, claimMs });
      return 'created';
    });
  }

  /** Another submission of a preempted job; undefined when the job is not preempted (any more). */
  addAttempt(runId: RunId, connectionId: ConnectionId, providerId: ProviderId, claimMs: number): AttemptKey | undefined {
    return this.#write(() => {
      const row = this.#get('SELECT * FROM jobs WHERE run_id = ?', runId);
      if (row === undefined || stateOf(row) !== 'preempted') {
        return undefined;
      }
      const key = { runId, attempt: number(row, 'attempt') + 1 };
      this.#run("UPDATE jobs SET attempt = ?, state = 'staging', grp = 'waiting', reason = NULL WHERE run_id = ?", key.attempt, runId);
      this.#insertAttempt(key, { connectionId, providerId, include: [] }, { now: this.#clock.now(), claimMs });
      return key;
    });
  }

  #insertAttempt(
    key: AttemptKey,
    place: Pick<NewJob, 'connectionId' | 'providerId' | 'include'>,
    { now, claimMs }: { readonly now: EpochMs; readonly claimMs: number },
  ): void {
    this.#run(
      `INSERT INTO attempts (run_id, number, connection_id, provider_id, state, created_at, claimed_by, claimed_until)
       VALUES (?, ?, ?, ?, 'staging', ?, ?, ?)`,
      key.runId,
      key.attempt,
      place.connectionId,
      place.providerId,
      now,
      this.#session,
      now + claimMs,
    );
    this.#insertStep(key, 'created', { include: place.include });
    this.#insertEvent(key.runId, { at: now, attempt: key.attempt, kind: 'state', state: 'staging', text: stateSentence('staging', null), native: null });
    this.#touchJob(key.runId);
  }

  /** Records a step; what it brings (snapshot, plan, handle, state) lands in the attempt in the same transaction. */
  recordStep(key: AttemptKey, step: SubmissionStep, data: StepData): void {
    this.#write(() => {
      this.#insertStep(key, step, journalData(data));
      if (data.snapshotId !== undefined) {
        this.#run('UPDATE jobs SET snapshot_id = ? WHERE run_id = ?', data.snapshotId, key.runId);
      }
      if (data.plan !== undefined) {
        this.#run('UPDATE attempts SET plan = ? WHERE run_id = ? AND number = ?', JSON.stringify(data.plan), key.runId, key.attempt);
      }
      if (step === 'sending') {
        this.#setState(key, 'submitting', null, null);
      }
      if (data.handle !== undefined) {
        this.#run(
          'UPDATE attempts SET handle = ?, accepted_at = ? WHERE run_id = ? AND number = ?',
          JSON.stringify(data.handle),
          this.#clock.now(),
          key.runId,
          key.attempt,
        );
        this.#setState(key, 'queued', null, null);
      }
      this.#touchJob(key.runId);
    });
  }

  /** Takes in an attempt that a backend still knows and this store does not; false when it is known. */
  adoptAttempt(found: AdoptedAttempt): boolean {
    return this.#write(() => {
      const { key, spec, createdAt } = found;
      if (this.#attemptRow(key) !== undefined) {
        return false;
      }
      this.#run(
        `INSERT INTO jobs (run_id, name, spec, accelerator, nodes, source_folder, session, state, grp, created_at, attempt, changed)
         VALUES (?, ?, ?, ?, ?, '', '', 'queued', 'waiting', ?, ?, 0)
         ON CONFLICT (run_id) DO UPDATE SET attempt = max(attempt, excluded.attempt)`,
        key.runId,
        found.name,
        JSON.stringify(spec),
        spec.accelerator === null ? null : formatAccelerator(spec.accelerator),
        spec.nodes,
        createdAt,
        key.attempt,
      );
      this.#run(
        `INSERT INTO attempts (run_id, number, connection_id, provider_id, state, handle, created_at, accepted_at)
         VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)`,
        key.runId,
        key.attempt,
        found.connectionId,
        found.providerId,
        JSON.stringify(found.handle),
        createdAt,
        createdAt,
      );
      this.#insertEvent(key.runId, {
        at: this.#clock.now(),
        attempt: key.attempt,
        kind: 'note',
        state: null,
        text: 'Found again at its provider after the list of jobs was lost',
        native: null,
      });
      this.#touchJob(key.runId);
      return true;
    });
  }

  journal(key: AttemptKey): readonly JournalEntry[] {
    return this.#all('SELECT step, at, data FROM journal WHERE run_id = ? AND attempt = ? ORDER BY id', key.runId, key.attempt).map((row) => ({
      step: text(row, 'step') as SubmissionStep,
      at: number(row, 'at'),
      data: json<JsonObject>(text(row, 'data')),
    }));
  }

  /** Not yet accepted, whoever is at it. */
  unfinishedSubmissions(): readonly UnfinishedSubmission[] {
    return this.#all(
      `SELECT a.run_id, a.number, a.connection_id, j.cancel_requested_at FROM attempts a JOIN jobs j ON j.run_id = a.run_id
        WHERE a.state IN ('staging', 'submitting')`,
    ).map((row) => ({
      key: { runId: runIdOf(row), attempt: number(row, 'number') },
      connectionId: connectionIdOf(row),
      cancelRequestedAt: numberOrNull(row, 'cancel_requested_at'),
    }));
  }

  /** True when the submission is ours now: it was, or nobody's, or its claim ran out. Calling again renews it. */
  claimSubmission(key: AttemptKey, forMs: number): boolean {
    const now = this.#clock.now();
    const result = this.#run(
      `UPDATE attempts SET claimed_by = ?, claimed_until = ?
        WHERE run_id = ? AND number = ? AND state IN ('staging', 'submitting')
          AND (claimed_by = ? OR claimed_until < ? OR claimed_until > ?)`,
      this.#session,
      now + forMs,
      key.runId,
      key.attempt,
      this.#session,
      now,
      // A claim far in the future was made by a clock that has been set back since.
      now + 10 * forMs,
    );
    return Number(result) === 1;
  }

  failSubmission(key: AttemptKey, reason: string, native: string | null): void {
    this.endAttempt(key, 'failed', reason, native);
  }

  // Watching

  /** Applies what a provider said, in one transaction; returns the jobs that changed for the eye. */
  observe(observations: readonly { readonly key: AttemptKey; readonly observation: Observation }[]): readonly RunId[] {
    if (observations.length === 0) {
      return [];
    }
    const changed: RunId[] = [];
    this.#write(() => {
      for (const { key, observation } of observations) {
        if (this.#observeOne(key, observation)) {
          changed.push(key.runId);
        }
      }
    });
    return changed;
  }

  #observeOne(key: AttemptKey, observation: Observation): boolean {
    const row = this.#attemptRow(key);
    if (row === undefined) {
      return false;
    }
    const attempt = attemptOf(row, [], []);
    const next = applyObservation(attempt, observation, this.#clock.now());
    if (next === attempt || (attempt.observeError === null && onlyRenews(attempt, next))) {
      return false;
    }
    const native = JSON.stringify(observation.native);
    this.#run(
      `UPDATE attempts SET native_state = ?, reason = ?, started_at = ?, ended_at = ?, exit_code = ?, signal = ?,
              observed_at = ?, observe_error = NULL, native = ? WHERE run_id = ? AND number = ?`,
      next.nativeState,
      next.reason,
      next.startedAt,
      next.endedAt,
      next.exitCode,
      next.signal,
      next.observedAt,
      native,
      key.runId,
      key.attempt,
    );
    this.#replaceMembers(key, observation);
    const visible =
      next.state !== attempt.state ||
      next.nativeState !== attempt.nativeState ||
      next.reason !== attempt.reason ||
      next.startedAt !== attempt.startedAt ||
      attempt.observeError !== null;
    if (next.state === attempt.state) {
      this.#run(
        'UPDATE jobs SET started_at = coalesce(started_at, ?), reason = ? WHERE run_id = ? AND attempt = ?',
        next.startedAt,
        next.reason,
        key.runId,
        key.attempt,
      );
    } else {
      this.#setState(key, next.state, next.reason ?? endReason(next), observation.reason);
    }
    if (visible) {
      this.#touchJob(key.runId);
    }
    return visible;
  }

  #replaceMembers(key: AttemptKey, observation: Observation): void {
    for (const node of observation.nodes) {
      this.#run(
        'INSERT OR REPLACE INTO nodes (run_id, attempt, rank, host, state) VALUES (?, ?, ?, ?, ?)',
        key.runId,
        key.attempt,
        node.rank,
        node.host,
        node.state,
      );
    }
    for (const task of observation.tasks) {
      this.#run(
        'INSERT OR REPLACE INTO tasks (run_id, attempt, task, state, exit_code) VALUES (?, ?, ?, ?, ?)',
        key.runId,
        key.attempt,
        task.index,
        task.state,
        task.exitCode,
      );
    }
  }

  /** The provider did not answer: its live attempts keep their last known state and say so. */
  observeFailed(connectionId: ConnectionId, message: string): void {
    this.#write(() => {
      const rows = this.#all(
        `SELECT run_id, number FROM attempts WHERE connection_id = ? AND handle IS NOT NULL
            AND state NOT IN ('succeeded', 'failed', 'cancelled') AND observe_error IS NOT ?`,
        connectionId,
        message,
      );
      for (const row of rows) {
        this.#run('UPDATE attempts SET observe_error = ? WHERE run_id = ? AND number = ?', message, runIdOf(row), number(row, 'number'));
        this.#touchJob(runIdOf(row));
      }
    });
  }

  /** Our own verdict on an attempt: it vanished, waited too long, could not be submitted. A terminal one stays as it is. */
  endAttempt(key: AttemptKey, state: TerminalState, reason: string | null, native: string | null): void {
    this.#write(() => {
      const row = this.#attemptRow(key);
      if (row === undefined || isTerminal(stateOf(row))) {
        return;
      }
      this.#run(
        'UPDATE attempts SET ended_at = ?, reason = ?, observe_error = NULL WHERE run_id = ? AND number = ?',
        this.#clock.now(),
        native ?? reason,
        key.runId,
        key.attempt,
      );
      this.#setState(key, state, reason, native);
      this.#touchJob(key.runId);
    });
  }

  /** Moves attempt and job to a state, with its entry in the timeline. Only inside a transaction. */
  #setState(key: AttemptKey, state: JobState, reason: string | null, native: string | null): void {
    const row = this.#attemptRow(key);
    if (row === undefined || !mayFollow(stateOf(row), state)) {
      return;
    }
    this.#run('UPDATE attempts SET state = ? WHERE run_id = ? AND number = ?', state, key.runId, key.attempt);
    const now = this.#clock.now();
    this.#run(
      `UPDATE jobs SET state = ?, grp = ?, reason = ?,
              started_at = coalesce(started_at, (SELECT started_at FROM attempts WHERE run_id = jobs.run_id AND number = ?)),
              ended_at = ? WHERE run_id = ? AND attempt = ?`,
      state,
      groupOf(state),
      reason,
      key.attempt,
      isTerminal(state) ? (numberOrNull(this.#attemptRow(key) ?? {}, 'ended_at') ?? now) : null,
      key.runId,
      key.attempt,
    );
    this.#insertEvent(key.runId, { at: now, attempt: key.attempt, kind: 'state', state, text: stateSentence(state, reason), native });
  }

  // People

  /** Notes once that the job is to end, and why; false when it has ended already. */
  requestCancel(runId: RunId, why = 'You asked for it to be cancelled'): boolean {
    return this.#write(() => {
      const row = this.#get('SELECT * FROM jobs WHERE run_id = ?', runId);
      if (row === undefined || isTerminal(stateOf(row))) {
        return false;
      }
      if (numberOrNull(row, 'cancel_requested_at') === null) {
        const now = this.#clock.now();
        this.#run('UPDATE jobs SET cancel_requested_at = ? WHERE run_id = ?', now, runId);
        this.#insertEvent(runId, { at: now, attempt: number(row, 'attempt'), kind: 'cancel', state: null, text: why, native: null });
        this.#touchJob(runId);
      }
      return true;
    });
  }

  /** Forgets a job that has ended; throws when it has not. Its files are the caller's. */
  deleteJob(runId: RunId): void {
    this.#write(() => {
      const row = this.#get('SELECT state FROM jobs WHERE run_id = ?', runId);
      if (row === undefined) {
        return;
      }
      if (!isTerminal(stateOf(row))) {
        throw new Error(`${runId} has not ended; cancel it before deleting it.`);
      }
      this.#run('INSERT OR REPLACE INTO deleted_jobs (run_id, changed) VALUES (?, ?)', runId, this.#changes.next());
      this.#run('DELETE FROM jobs WHERE run_id = ?', runId);
      this.#changes.note(runId);
    });
  }

  addEvent(runId: RunId, event: JobEvent): void {
    this.#write(() => {
      this.#insertEvent(runId, event);
      this.#touchJob(runId);
    });
  }

  // Logs

  logState(key: AttemptKey): LogState {
    return this.#logs.read(key);
  }

  /** Accepted attempts that may have output and whose log is not complete. */
  attemptsToFollow(): readonly FollowedAttempt[] {
    return this.#all(
      `SELECT run_id, number, state, connection_id, handle FROM attempts
        WHERE handle IS NOT NULL AND log_status <> 'complete' AND state NOT IN ('staging', 'submitting', 'queued')`,
    ).flatMap((row) => {
      const handle = jsonOrNull<Handle>(row, 'handle');
      const key = { runId: runIdOf(row), attempt: number(row, 'number') };
      return handle === null ? [] : [{ key, state: stateOf(row), connectionId: connectionIdOf(row), handle }];
    });
  }

  /** Tells listeners in every process that something about a log other than its bytes is new. */
  logChanged(runId: RunId): void {
    this.#write(() => {
      this.#touchJob(runId);
    });
  }

  /** See `LogRecords.write`. */
  recordLog(key: AttemptKey, state: LogState, from: LogPosition): boolean {
    return transaction(this.#database, () => this.#logs.write(key, state, from));
  }

  // Connections, leases, values

  connections(): readonly StoredConnection[] {
    return this.#all('SELECT * FROM connections ORDER BY created_at, id').map((row) => ({
      id: text(row, 'id') as ConnectionId,
      providerId: text(row, 'provider_id'),
      label: text(row, 'label'),
      settings: json<JsonObject>(text(row, 'settings')),
    }));
  }

  saveConnection(connection: StoredConnection): void {
    this.#run(
      `INSERT INTO connections (id, provider_id, label, settings, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET label = excluded.label, settings = excluded.settings`,
      connection.id,
      connection.providerId,
      connection.label,
      JSON.stringify(connection.settings),
      this.#clock.now(),
    );
  }

  deleteConnection(id: ConnectionId): void {
    this.#run('DELETE FROM connections WHERE id = ?', id);
  }

  /** True when the lease is ours now: it was, or nobody's, or it ran out. Atomic over processes. */
  acquireLease(name: string, forMs: number): boolean {
    const now = this.#clock.now();
    const result = this.#run(
      `INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until < ? OR leases.until > ?`,
      name,
      this.#session,
      now + forMs,
      now,
      // Held by a clock that has been set back since.
      now + 10 * forMs,
    );
    return Number(result) === 1;
  }

  releaseLease(name: string): void {
    this.#run('DELETE FROM leases WHERE name = ? AND holder = ?', name, this.#session);
  }

  value(key: string): string | undefined {
    const row = this.#get('SELECT value FROM stored_values WHERE key = ?', key);
    return row === undefined ? undefined : text(row, 'value');
  }

  setValue(key: string, value: string): void {
    this.#run('INSERT OR REPLACE INTO stored_values (key, value) VALUES (?, ?)', key, value);
  }

  dispose(): void {
    this.#changes.dispose();
    this.#changed.dispose();
    this.#database.close();
  }

  // SQL

  #write<T>(work: () => T): T {
    const result = transaction(this.#database, work);
    this.#changes.flush();
    return result;
  }

  #touchJob(runId: RunId): void {
    this.#run('UPDATE jobs SET changed = ? WHERE run_id = ?', this.#changes.next(), runId);
    this.#changes.note(runId);
  }

  #attemptRow(key: AttemptKey): Row | undefined {
    return this.#get('SELECT * FROM attempts WHERE run_id = ? AND number = ?', key.runId, key.attempt);
  }

  #insertStep(key: AttemptKey, step: SubmissionStep, data: JsonObject): void {
    this.#run(
      'INSERT INTO journal (run_id, attempt, step, at, data) VALUES (?, ?, ?, ?, ?)',
      key.runId,
      key.attempt,
      step,
      this.#clock.now(),
      JSON.stringify(data),
    );
  }

  #insertEvent(runId: RunId, event: JobEvent): void {
    this.#run(
      'INSERT INTO events (run_id, attempt, at, kind, state, text, native) VALUES (?, ?, ?, ?, ?, ?, ?)',
      runId,
      event.attempt,
      event.at,
      event.kind,
      event.state,
      event.text,
      event.native,
    );
  }

  #get(sql: string, ...values: readonly (string | number | null)[]): Row | undefined {
    return this.#statements.prepare(sql).get(...values);
  }

  #all(sql: string, ...values: readonly (string | number | null)[]): readonly Row[] {
    return this.#statements.prepare(sql).all(...values);
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): number | bigint {
    return this.#statements.prepare(sql).run(...values).changes;
  }
}

/** An answer that says nothing new is written down only this often, in ms: thousands of jobs are asked about every few seconds. */
const renewAfter = 30_000;

function onlyRenews(before: AttemptStatus, after: AttemptStatus): boolean {
  const age = (after.observedAt ?? 0) - (before.observedAt ?? 0);
  return age < renewAfter && sameStatus(before, { ...after, observedAt: before.observedAt });
}

/** What a step brings; each part lands in its own place. */
export interface StepData {
  readonly snapshotId?: SnapshotId;
  readonly plan?: Plan;
  readonly staged?: JsonObject;
  readonly handle?: Handle;
}

/** The plan has a column of its own and may be large; the journal holds the rest. */
function journalData(data: StepData): JsonObject {
  return {
    ...(data.snapshotId === undefined ? {} : { snapshotId: data.snapshotId }),
    ...(data.staged === undefined ? {} : { staged: data.staged }),
    ...(data.handle === undefined ? {} : { handle: { id: data.handle.id, data: data.handle.data } }),
  };
}

