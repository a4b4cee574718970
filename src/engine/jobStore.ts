import type { DatabaseSync } from 'node:sqlite';
import { type Disposable, Emitter, type Event } from '../core/event.ts';
import type { AttemptKey, ConnectionId, JobEvent, RunId } from '../core/job.ts';
import { isTerminal, type TerminalState } from '../core/jobState.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { ProviderId } from '../core/provider.ts';
import type { SubmissionStep } from '../core/submissionStep.ts';
import { AttemptRecords, type KeyedObservation } from './attemptRecords.ts';
import { newestSetAside, type OpenDatabase, openDatabase } from './database.ts';
import { JobReader } from './jobReader.ts';
import { number, numberOrNull, stateOf } from './jobRows.ts';
import { type LogPosition, LogRecords, type LogState } from './logRecords.ts';
import { Statements } from './statements.ts';
import { StoreChanges } from './storeChanges.ts';
import { type AdoptedAttempt, type NewJob, type StepData, SubmissionRecords } from './submissionRecords.ts';
import { durableTransaction, transaction } from './transaction.ts';
import { type StoredConnection, ValueRecords } from './valueRecords.ts';

/** Which jobs may differ from what was read before; deleted ones are among them. */
export interface StoreChange {
  readonly runIds: ReadonlySet<RunId>;
}

export interface StoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Unique to this process; holds claims and leases. */
  readonly session: string;
}

/** A store's file that was set aside, and why. */
export interface Damage {
  readonly movedTo: string;
  readonly reason: string;
}

/** Under this name the store keeps the newest damaged file that was dealt with. */
const damageKey = 'damage';
const personAsked = 'You asked for it to be cancelled';

/**
 * Opens the store of a folder; see `openDatabase` for what can go wrong. Damage is reported, by every process and after every
 * death, until somebody calls `damageNoted`.
 */
export function openStore(folder: string, deps: StoreDeps): { store: JobStore; damaged: Damage | null } {
  const opened = openDatabase(folder, String(deps.clock.now()));
  const store = new JobStore(opened, deps);
  const movedTo = newestSetAside(folder);
  if (movedTo === undefined || store.value(damageKey) === movedTo) {
    return { store, damaged: null };
  }
  const damaged = { movedTo, reason: opened.damage ?? 'it was damaged when it was last opened' };
  deps.logger.error(`the store was damaged (${damaged.reason}); it is now ${movedTo}`);
  return { store, damaged };
}

/**
 * All that is known about jobs, on disk, shared by every window. The one class that writes it: each method that writes is one
 * transaction, and whoever listens hears of it afterwards. What a submission or a person does is on the disk before the method
 * returns; what a provider can be asked again outlives the process, and the loss of power only most of the time.
 */
export class JobStore extends JobReader implements Disposable {
  readonly #database: DatabaseSync;
  readonly #close: () => void;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changes: StoreChanges;
  readonly #attempts: AttemptRecords;
  readonly #submissions: SubmissionRecords;
  readonly #logs: LogRecords;
  readonly #values: ValueRecords;
  readonly #changed = new Emitter<StoreChange>();

  constructor({ database, close }: OpenDatabase, { clock, logger, session }: StoreDeps) {
    const statements = new Statements(database);
    super(statements);
    this.#database = database;
    this.#close = close;
    this.#clock = clock;
    this.#logger = logger;
    this.#changes = new StoreChanges(statements, logger, (runIds) => {
      this.#tell(runIds);
    });
    this.#attempts = new AttemptRecords({ statements, changes: this.#changes, clock });
    this.#submissions = new SubmissionRecords({ statements, attempts: this.#attempts, clock, session });
    this.#logs = new LogRecords(statements);
    this.#values = new ValueRecords({ statements, clock, session });
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

  // Submission journal

  /** The job, its first attempt and the journal's first step, claimed by this process. */
  createJob(job: NewJob, claimMs: number): 'created' | 'exists' {
    return this.#writeDurably(() => this.#submissions.createJob(job, claimMs));
  }

  /** Another submission of a preempted job; undefined when the job is not preempted (any more). */
  addAttempt(
    runId: RunId,
    connectionId: ConnectionId,
    providerId: ProviderId,
    claimMs: number,
  ): AttemptKey | undefined {
    return this.#writeDurably(() => this.#submissions.addAttempt(runId, { connectionId, providerId }, claimMs));
  }

  /**
   * Records a step; what it brings (snapshot, plan, handle, state) lands in the attempt in the same transaction. False, and
   * nothing is written, when the submission is not ours (any more).
   */
  recordStep(key: AttemptKey, step: SubmissionStep, data: StepData): boolean {
    return this.#writeDurably(() => this.#submissions.recordStep(key, step, data));
  }

  /** True when the submission is ours now: it was, or nobody's, or its claim ran out. Calling again renews it. */
  claimSubmission(key: AttemptKey, forMs: number): boolean {
    return this.#write(() => this.#submissions.claim(key, forMs));
  }

  /** The submission failed or was cancelled. False, and nothing is written, when it is not ours (any more). */
  endSubmission(key: AttemptKey, state: TerminalState, reason: string, native: string | null): boolean {
    return this.#writeDurably(() => this.#submissions.end(key, state, reason, native));
  }

  /** Takes in an attempt that a backend still knows and this store does not; false when it is known. */
  adoptAttempt(found: AdoptedAttempt): boolean {
    return this.#writeDurably(() => this.#submissions.adopt(found));
  }

  // Watching

  /** Applies what a provider said, in one transaction; returns the jobs that changed for the eye. */
  observe(observations: readonly KeyedObservation[]): readonly RunId[] {
    if (observations.length === 0) {
      return [];
    }
    try {
      return this.#write(() =>
        observations.filter((observation) => this.#attempts.observe(observation)).map(({ key }) => key.runId),
      );
    } catch (error) {
      this.#attempts.forgetAnswers();
      throw error;
    }
  }

  /** The provider did not answer: its live attempts keep their last known state and say so. */
  observeFailed(connectionId: ConnectionId, message: string): void {
    this.#write(() => {
      this.#attempts.observeFailed(connectionId, message);
    });
  }

  /** Our own verdict on an attempt, such as that it vanished. A terminal one stays as it is. */
  endAttempt(key: AttemptKey, state: TerminalState, reason: string | null, native: string | null): void {
    this.#write(() => {
      this.#attempts.end(key, state, reason, native);
    });
  }

  // People

  /** Notes once that the job is to end, and why; false when it has ended already. */
  requestCancel(runId: RunId, why: string = personAsked): boolean {
    return this.#writeDurably(() => {
      const row = this.statements.get('SELECT state, attempt, cancel_requested_at FROM jobs WHERE run_id = ?', runId);
      if (row === undefined || isTerminal(stateOf(row))) {
        return false;
      }
      if (numberOrNull(row, 'cancel_requested_at') === null) {
        const at = this.#clock.now();
        this.statements.run('UPDATE jobs SET cancel_requested_at = ? WHERE run_id = ?', at, runId);
        const attempt = number(row, 'attempt');
        this.#attempts.addEvent(runId, { at, attempt, kind: 'cancel', state: null, text: why, native: null });
        this.#attempts.touchJob(runId);
      }
      return true;
    });
  }

  /** Why Aloft itself gave a job up; null where it did not. */
  givenUpBecause(runId: RunId): string | null {
    const text = this.events(runId).find(({ kind }) => kind === 'cancel')?.text;
    return text === undefined || text === personAsked ? null : text;
  }

  /** Forgets a job that has ended; throws when it has not. Its files are the caller's. */
  deleteJob(runId: RunId): void {
    this.#writeDurably(() => {
      const row = this.statements.get('SELECT state FROM jobs WHERE run_id = ?', runId);
      if (row === undefined) {
        return;
      }
      if (!isTerminal(stateOf(row))) {
        throw new Error(`${runId} has not ended; cancel it before deleting it.`);
      }
      const change = this.#changes.next();
      this.statements.run('INSERT OR REPLACE INTO deleted_jobs (run_id, changed) VALUES (?, ?)', runId, change);
      this.statements.run('DELETE FROM jobs WHERE run_id = ?', runId);
      this.#changes.note(runId);
    });
  }

  /** A line in the timeline of a job that is still there. */
  addEvent(runId: RunId, event: JobEvent): void {
    this.#write(() => {
      this.#attempts.addEvent(runId, event);
      this.#attempts.touchJob(runId);
    });
  }

  // Logs

  logState(key: AttemptKey): LogState {
    return this.#logs.read(key);
  }

  /** Tells listeners in every process that something about a log other than its bytes is new. */
  logChanged(runId: RunId): void {
    this.#write(() => {
      this.#attempts.touchJob(runId);
    });
  }

  /** See `LogRecords.write`. */
  recordLog(key: AttemptKey, state: LogState, from: LogPosition): boolean {
    return this.#write(() => this.#logs.write(key, state, from));
  }

  // Connections, leases, values

  connections(): readonly StoredConnection[] {
    return this.#values.connections();
  }

  saveConnection(connection: StoredConnection): void {
    this.#writeDurably(() => {
      this.#values.saveConnection(connection);
    });
  }

  deleteConnection(id: ConnectionId): void {
    this.#writeDurably(() => {
      this.#values.deleteConnection(id);
    });
  }

  /** True when the lease is ours now: it was, or nobody's, or it ran out. Atomic over processes. */
  acquireLease(name: string, forMs: number): boolean {
    return this.#write(() => this.#values.acquireLease(name, forMs));
  }

  releaseLease(name: string): void {
    this.#write(() => {
      this.#values.releaseLease(name);
    });
  }

  value(key: string): string | undefined {
    return this.#values.value(key);
  }

  setValue(key: string, value: string): void {
    this.#write(() => {
      this.#values.setValue(key, value);
    });
  }

  /** The damaged file was dealt with: it is not reported again. */
  damageNoted({ movedTo }: Damage): void {
    this.setValue(damageKey, movedTo);
  }

  dispose(): void {
    this.#changes.dispose();
    this.#changed.dispose();
    this.#close();
  }

  #write<T>(work: () => T): T {
    return this.#told(() => transaction(this.#database, work));
  }

  #writeDurably<T>(work: () => T): T {
    return this.#told(() => durableTransaction(this.#database, work));
  }

  #told<T>(write: () => T): T {
    try {
      const result = write();
      this.#changes.flush();
      return result;
    } catch (error) {
      this.#changes.discard();
      throw error;
    }
  }

  /** What was written stays written, whatever a listener does. */
  #tell(runIds: ReadonlySet<RunId>): void {
    try {
      this.#changed.fire({ runIds });
    } catch (error) {
      this.#logger.error('a listener to the store failed', error);
    }
  }
}
