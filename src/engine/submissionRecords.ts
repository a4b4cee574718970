import { formatAccelerator } from '../core/accelerator.ts';
import type { AttemptKey, ConnectionId, EpochMs, RunId, SnapshotId } from '../core/job.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import type { TerminalState } from '../core/jobState.ts';
import type { Clock } from '../core/ports.ts';
import type { Handle, JsonObject, Plan, ProviderId } from '../core/provider.ts';
import { stateSentence } from '../core/stateSentence.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import type { AttemptRecords } from './attemptRecords.ts';
import { number, stateOf } from './jobRows.ts';
import type { Statements } from './statements.ts';
import { clockTolerance } from './valueRecords.ts';

export interface NewJob {
  readonly runId: RunId;
  readonly name: string;
  readonly spec: JobSpec;
  readonly sourceFolder: string;
  readonly connectionId: ConnectionId;
  readonly providerId: ProviderId;
  /** Paths that go with the code although they would be held back. */
  readonly include: readonly string[];
  /** The Python of the source folder, absolute; null when none was chosen. */
  readonly interpreter: string | null;
  /** The time limit that was asked for, in ms; null: none. That of the spec may be shorter, so that a cost limit is kept. */
  readonly askedDurationMs?: number | null;
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

/** What a step brings; each part lands in its own place. */
export interface StepData {
  readonly snapshotId?: SnapshotId;
  readonly plan?: Plan;
  readonly staged?: JsonObject;
  readonly handle?: Handle;
}

export interface SubmissionRecordDeps {
  readonly statements: Statements;
  readonly attempts: AttemptRecords;
  readonly clock: Clock;
  readonly session: string;
}

/** The store's part about submissions and their journal. Everything here is called only inside a transaction. */
export class SubmissionRecords {
  readonly #statements: Statements;
  readonly #attempts: AttemptRecords;
  readonly #clock: Clock;
  readonly #session: string;

  constructor({ statements, attempts, clock, session }: SubmissionRecordDeps) {
    this.#statements = statements;
    this.#attempts = attempts;
    this.#clock = clock;
    this.#session = session;
  }

  createJob(job: NewJob, claimMs: number): 'created' | 'exists' {
    const { runId, name, spec, sourceFolder } = job;
    if (this.#statements.get('SELECT 1 FROM jobs WHERE run_id = ?', runId) !== undefined) {
      return 'exists';
    }
    this.#statements.run(
      `INSERT INTO jobs (run_id, name, spec, accelerator, nodes, source_folder, session, state, job_group, created_at, attempt, changed)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'staging', 'waiting', ?, 1, 0)`,
      runId,
      name,
      JSON.stringify(spec),
      acceleratorOf(spec),
      spec.nodes,
      sourceFolder,
      this.#session,
      this.#clock.now(),
    );
    const { include, interpreter, askedDurationMs = spec.limits.durationMs } = job;
    this.#insertAttempt({ runId, attempt: 1 }, job, { include, interpreter, askedDurationMs }, claimMs);
    return 'created';
  }

  addAttempt(
    runId: RunId,
    place: Pick<NewJob, 'connectionId' | 'providerId'>,
    claimMs: number,
  ): AttemptKey | undefined {
    const row = this.#statements.get('SELECT state, attempt FROM jobs WHERE run_id = ?', runId);
    if (row === undefined || stateOf(row) !== 'preempted') {
      return undefined;
    }
    const key = { runId, attempt: number(row, 'attempt') + 1 };
    this.#statements.run(
      "UPDATE jobs SET attempt = ?, state = 'staging', job_group = 'waiting', reason = NULL WHERE run_id = ?",
      key.attempt,
      runId,
    );
    this.#insertAttempt(key, place, {}, claimMs);
    return key;
  }

  #insertAttempt(
    key: AttemptKey,
    place: Pick<NewJob, 'connectionId' | 'providerId'>,
    created: JsonObject,
    claimMs: number,
  ): void {
    const { runId, attempt } = key;
    const now = this.#clock.now();
    this.#statements.run(
      `INSERT INTO attempts (run_id, number, connection_id, provider_id, state, created_at, claimed_by, claimed_at, claimed_until)
       VALUES (?, ?, ?, ?, 'staging', ?, ?, ?, ?)`,
      runId,
      attempt,
      place.connectionId,
      place.providerId,
      now,
      this.#session,
      now,
      now + claimMs,
    );
    this.#insertStep(key, 'created', created);
    this.#attempts.addEvent(runId, {
      at: now,
      attempt,
      kind: 'state',
      state: 'staging',
      text: stateSentence('staging', null),
      native: null,
    });
    this.#attempts.touchJob(runId);
  }

  recordStep(key: AttemptKey, step: SubmissionStep, data: StepData): boolean {
    if (!this.#isOurs(key)) {
      return false;
    }
    const { runId, attempt } = key;
    const { snapshotId, plan, handle } = data;
    this.#insertStep(key, step, journalData(data));
    if (snapshotId !== undefined) {
      this.#statements.run('UPDATE jobs SET snapshot_id = ? WHERE run_id = ?', snapshotId, runId);
    }
    if (plan !== undefined) {
      const planText = JSON.stringify(plan);
      this.#statements.run('UPDATE attempts SET plan = ? WHERE run_id = ? AND number = ?', planText, runId, attempt);
    }
    if (step === 'sending') {
      this.#attempts.setState(key, 'submitting', null, null);
    }
    if (handle !== undefined) {
      this.#statements.run(
        'UPDATE attempts SET handle = ?, accepted_at = ? WHERE run_id = ? AND number = ?',
        JSON.stringify(handle),
        this.#clock.now(),
        runId,
        attempt,
      );
      this.#attempts.setState(key, 'queued', null, null);
    }
    this.#attempts.touchJob(runId);
    return true;
  }

  end(key: AttemptKey, state: TerminalState, reason: string, native: string | null): boolean {
    const ours = this.#isOurs(key);
    if (ours) {
      this.#attempts.end(key, state, reason, native);
    }
    return ours;
  }

  /** Whether this process claimed the submission last and it has not ended. */
  #isOurs({ runId, attempt }: AttemptKey): boolean {
    const row = this.#statements.get(
      "SELECT 1 FROM attempts WHERE run_id = ? AND number = ? AND claimed_by = ? AND state IN ('staging', 'submitting')",
      runId,
      attempt,
      this.#session,
    );
    return row !== undefined;
  }

  claim({ runId, attempt }: AttemptKey, forMs: number): boolean {
    const now = this.#clock.now();
    const claimed = this.#statements.run(
      `UPDATE attempts SET claimed_by = ?, claimed_at = ?, claimed_until = ?
        WHERE run_id = ? AND number = ? AND state IN ('staging', 'submitting')
          AND (claimed_by = ? OR claimed_until < ? OR claimed_at > ?)`,
      this.#session,
      now,
      now + forMs,
      runId,
      attempt,
      this.#session,
      now,
      now + clockTolerance,
    );
    return claimed === 1;
  }

  adopt({ key, connectionId, providerId, handle, name, spec, createdAt }: AdoptedAttempt): boolean {
    const { runId, attempt } = key;
    if (this.#attempts.state(key) !== undefined) {
      return false;
    }
    this.#statements.run(
      `INSERT INTO jobs (run_id, name, spec, accelerator, nodes, source_folder, session, state, job_group, created_at, attempt, changed)
       VALUES (?, ?, ?, ?, ?, '', '', 'queued', 'waiting', ?, ?, 0)
       ON CONFLICT (run_id) DO UPDATE SET attempt = excluded.attempt, state = 'queued', job_group = 'waiting', reason = NULL, ended_at = NULL
        WHERE attempt < excluded.attempt`,
      runId,
      name,
      JSON.stringify(spec),
      acceleratorOf(spec),
      spec.nodes,
      createdAt,
      attempt,
    );
    this.#statements.run(
      `INSERT INTO attempts (run_id, number, connection_id, provider_id, state, handle, created_at, accepted_at)
       VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)`,
      runId,
      attempt,
      connectionId,
      providerId,
      JSON.stringify(handle),
      createdAt,
      createdAt,
    );
    this.#attempts.addEvent(runId, {
      at: this.#clock.now(),
      attempt,
      kind: 'note',
      state: null,
      text: 'Found again at its provider after the list of jobs was lost',
      native: null,
    });
    this.#attempts.touchJob(runId);
    return true;
  }

  #insertStep({ runId, attempt }: AttemptKey, step: SubmissionStep, data: JsonObject): void {
    this.#statements.run(
      'INSERT INTO journal (run_id, attempt, step, at, data) VALUES (?, ?, ?, ?, ?)',
      runId,
      attempt,
      step,
      this.#clock.now(),
      JSON.stringify(data),
    );
  }
}

function acceleratorOf({ accelerator }: JobSpec): string | null {
  return accelerator === null ? null : formatAccelerator(accelerator);
}

/** The plan has a column of its own and may be large; the journal holds the rest. */
function journalData({ snapshotId, staged, handle }: StepData): JsonObject {
  return {
    ...(snapshotId === undefined ? {} : { snapshotId }),
    ...(staged === undefined ? {} : { staged }),
    ...(handle === undefined ? {} : { handle: { id: handle.id, data: handle.data } }),
  };
}
