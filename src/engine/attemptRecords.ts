import {
  type AttemptKey,
  type ConnectionId,
  type EpochMs,
  type JobEvent,
  type JobNode,
  type JobTask,
  keyText,
  type RunId,
} from '../core/job.ts';
import { groupOf, isTerminal, type JobState, mayFollow, type TerminalState, waits } from '../core/jobState.ts';
import { applyObservation, type AttemptStatus, nextState, sameStatus } from '../core/observe.ts';
import type { Clock } from '../core/ports.ts';
import type { Observation } from '../core/provider.ts';
import { endReason, stateSentence, whySentence } from '../core/stateSentence.ts';
import { nodeOf, number, runIdOf, stateOf, statusOf, taskOf, text, textOrNull } from './jobRows.ts';
import type { Statements } from './statements.ts';
import type { StoreChanges } from './storeChanges.ts';

export interface KeyedObservation {
  readonly key: AttemptKey;
  readonly observation: Observation;
}

/** An answer that says nothing new is written down only this often, in ms: thousands of jobs are asked about every few seconds. */
const renewAfter = 30_000;

/** Starts that differ by less, in ms, are the same one: the clocks of those who tell of it differ. */
const sameStartWithin = 60_000;

/** The newest answer about an attempt that came to this process, whether it was written down or not. */
interface Answer {
  readonly at: EpochMs | null;
  readonly nodes: string;
  readonly tasks: string;
}

export interface RecordDeps {
  readonly statements: Statements;
  readonly changes: StoreChanges;
  readonly clock: Clock;
}

/** The store's part about how attempts are doing. Everything here is called only inside a transaction. */
export class AttemptRecords {
  readonly #statements: Statements;
  readonly #changes: StoreChanges;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();

  constructor({ statements, changes, clock }: RecordDeps) {
    this.#statements = statements;
    this.#changes = changes;
    this.#clock = clock;
  }

  /** What a transaction that was rolled back had noted in memory must not count. */
  forgetAnswers(): void {
    this.#answers.clear();
  }

  /** Applies what a provider said; true when it changes what people see. */
  observe({ key, observation }: KeyedObservation): boolean {
    const row = this.#statements.get(
      `SELECT a.state, a.native_state, a.reason, a.started_at, a.ended_at, a.exit_code, a.signal, a.observed_at,
              a.observe_error, e.explanation, e.expected_start_at
         FROM attempts a LEFT JOIN explanations e ON e.run_id = a.run_id AND e.attempt = a.number
        WHERE a.run_id = ? AND a.number = ?`,
      key.runId,
      key.attempt,
    );
    if (row === undefined || isTerminal(stateOf(row))) {
      this.#answers.delete(keyText(key));
      return false;
    }
    if (observation.state === 'unseen') {
      return this.#unseen(key, observation.reason, textOrNull(row, 'observe_error'));
    }
    const stored = statusOf(row);
    const answer = this.#answers.get(keyText(key));
    const known = { ...stored, observedAt: newer(stored.observedAt, answer?.at ?? null) };
    const recovered = textOrNull(row, 'observe_error') !== null;
    if (nextState(known, observation, this.#clock.now()) === undefined) {
      return recovered && this.#clearError(key);
    }
    const next = applyObservation(known, observation, this.#clock.now());
    const { nodes, tasks } = answer ?? this.#storedMembers(key);
    // A provider that names none says nothing about them; the last known ones stay.
    const nodesNow = observation.nodes.length === 0 ? nodes : nodesText(observation.nodes);
    const tasksNow = observation.tasks.length === 0 ? tasks : tasksText(observation.tasks);
    this.#answers.set(keyText(key), { at: next.observedAt, nodes: nodesNow, tasks: tasksNow });
    const sameMembers = nodesNow === nodes && tasksNow === tasks;
    if (sameMembers && !recovered && onlyRenews(stored, next)) {
      return false;
    }
    this.#write(key, next, observation);
    this.#explain(key, stored, next);
    if (nodesNow !== nodes) {
      this.#replaceNodes(key, observation.nodes);
    }
    if (tasksNow !== tasks) {
      this.#replaceTasks(key, observation.tasks);
    }
    this.#carryOver(key, stored, next);
    if (observation.state === next.state && this.#ranUnseen(key, stored, next)) {
      this.#tellUnseenRun(key, next.state, observation.tasks.length > 1);
    }
    const visible = recovered || !sameMembers || !sameStatus(stored, { ...next, observedAt: stored.observedAt });
    if (visible) {
      this.touchJob(key.runId);
    }
    return visible;
  }

  #storedMembers({ runId, attempt }: AttemptKey): Omit<Answer, 'at'> {
    const nodes = this.#statements.all('SELECT * FROM nodes WHERE run_id = ? AND attempt = ?', runId, attempt);
    const tasks = this.#statements.all('SELECT * FROM tasks WHERE run_id = ? AND attempt = ?', runId, attempt);
    return { nodes: nodesText(nodes.map(nodeOf)), tasks: tasksText(tasks.map(taskOf)) };
  }

  #write(key: AttemptKey, next: AttemptStatus, observation: Observation): void {
    this.#statements.run(
      `UPDATE attempts SET native_state = ?, reason = ?, started_at = ?, ended_at = ?, exit_code = ?, signal = ?,
              observed_at = ?, observe_error = NULL, native = ? WHERE run_id = ? AND number = ?`,
      next.nativeState,
      next.reason,
      next.startedAt,
      next.endedAt,
      next.exitCode,
      next.signal,
      next.observedAt,
      JSON.stringify(observation.native),
      key.runId,
      key.attempt,
    );
  }

  /** It stays as it was, and says why. */
  #unseen({ runId, attempt }: AttemptKey, why: string | null, known: string | null): boolean {
    if (why === null || why === known) {
      return false;
    }
    this.#statements.run('UPDATE attempts SET observe_error = ? WHERE run_id = ? AND number = ?', why, runId, attempt);
    this.touchJob(runId);
    return true;
  }

  #clearError(key: AttemptKey): true {
    this.#statements.run(
      'UPDATE attempts SET observe_error = NULL WHERE run_id = ? AND number = ?',
      key.runId,
      key.attempt,
    );
    this.touchJob(key.runId);
    return true;
  }

  #explain({ runId, attempt }: AttemptKey, before: AttemptStatus, next: AttemptStatus): void {
    const { explanation, expectedStartAt } = next;
    if (explanation === before.explanation && expectedStartAt === before.expectedStartAt) {
      return;
    }
    this.#statements.run(
      'INSERT OR REPLACE INTO explanations (run_id, attempt, explanation, expected_start_at) VALUES (?, ?, ?, ?)',
      runId,
      attempt,
      explanation,
      expectedStartAt,
    );
  }

  /** What the job shows of its newest attempt. It started when the first of all starts was that are told of it. */
  #carryOver(key: AttemptKey, before: AttemptStatus, next: AttemptStatus): void {
    if (next.state !== before.state) {
      this.setState(key, next.state, whySentence(next) ?? endReason(next), next.reason);
      return;
    }
    if (next.explanation !== null && next.explanation !== before.explanation) {
      this.#tell(key, next, next.explanation);
    }
    this.#statements.run(
      `UPDATE jobs SET started_at = coalesce(min(started_at, ?1), started_at, ?1), reason = ?2
        WHERE run_id = ?3 AND attempt = ?4`,
      next.startedAt,
      whySentence(next),
      key.runId,
      key.attempt,
    );
  }

  /** Whether it waits anew for its machines though it was not seen at work since it waited before: providers are sampled. */
  #ranUnseen({ runId, attempt }: AttemptKey, before: AttemptStatus, next: AttemptStatus): boolean {
    if (!waits(next.state) || before.state === 'running' || next.startedAt === null) {
      return false;
    }
    if (before.startedAt !== null) {
      return next.startedAt - before.startedAt > sameStartWithin;
    }
    const seen = `SELECT 1 FROM events WHERE run_id = ? AND attempt = ? AND state IN ('running', 'preempted')`;
    return this.#statements.get(seen, runId, attempt) === undefined;
  }

  /** A state that follows itself, which is how `waitingSince` knows it. */
  #tellUnseenRun({ runId, attempt }: AttemptKey, state: JobState, isArray: boolean): void {
    const what = isArray ? 'some of its tasks have run meanwhile, others wait' : 'it has run meanwhile and waits again';
    const text = stateSentence(state, what);
    this.addEvent(runId, { at: this.#clock.now(), attempt, kind: 'state', state, text, native: null });
  }

  /** Each explanation once in a stretch of one state, whatever numbers are in it: a queue that moves would fill the timeline. */
  #tell({ runId, attempt }: AttemptKey, { state, reason }: AttemptStatus, explanation: string): void {
    const sentence = stateSentence(state, explanation);
    const told = this.#statements.all(
      `SELECT text FROM events WHERE run_id = ? AND attempt = ? AND id >=
              (SELECT coalesce(max(id), 0) FROM events WHERE run_id = ? AND attempt = ? AND state IS NOT NULL)`,
      runId,
      attempt,
      runId,
      attempt,
    );
    if (!told.some((row) => withoutNumbers(text(row, 'text')) === withoutNumbers(sentence))) {
      this.addEvent(runId, {
        at: this.#clock.now(),
        attempt,
        kind: 'note',
        state: null,
        text: sentence,
        native: reason,
      });
    }
  }

  #replaceNodes({ runId, attempt }: AttemptKey, nodes: readonly JobNode[]): void {
    this.#statements.run('DELETE FROM nodes WHERE run_id = ? AND attempt = ?', runId, attempt);
    for (const { rank, host, state } of nodes) {
      this.#statements.run(
        'INSERT OR REPLACE INTO nodes (run_id, attempt, rank, host, state) VALUES (?, ?, ?, ?, ?)',
        runId,
        attempt,
        rank,
        host,
        state,
      );
    }
  }

  #replaceTasks({ runId, attempt }: AttemptKey, tasks: readonly JobTask[]): void {
    this.#statements.run('DELETE FROM tasks WHERE run_id = ? AND attempt = ?', runId, attempt);
    for (const { index, state, exitCode } of tasks) {
      this.#statements.run(
        'INSERT OR REPLACE INTO tasks (run_id, attempt, task, state, exit_code) VALUES (?, ?, ?, ?, ?)',
        runId,
        attempt,
        index,
        state,
        exitCode,
      );
    }
  }

  /** The provider did not answer: the connection's live attempts keep their last known state and say so. */
  observeFailed(connectionId: ConnectionId, message: string): void {
    const rows = this.#statements.all(
      `SELECT run_id, number FROM attempts WHERE connection_id = ? AND handle IS NOT NULL
          AND state NOT IN ('succeeded', 'failed', 'cancelled') AND observe_error IS NOT ?`,
      connectionId,
      message,
    );
    for (const row of rows) {
      this.#statements.run(
        'UPDATE attempts SET observe_error = ? WHERE run_id = ? AND number = ?',
        message,
        runIdOf(row),
        number(row, 'number'),
      );
      this.touchJob(runIdOf(row));
    }
  }

  /** Our own verdict. An attempt that cannot end like this any more stays as it is. */
  end(key: AttemptKey, state: TerminalState, reason: string | null, native: string | null): void {
    const before = this.state(key);
    if (before === undefined || !mayFollow(before, state)) {
      return;
    }
    this.#statements.run(
      'UPDATE attempts SET ended_at = ?, reason = ?, observe_error = NULL WHERE run_id = ? AND number = ?',
      this.#clock.now(),
      native ?? reason,
      key.runId,
      key.attempt,
    );
    // What the provider said before does not explain it.
    this.#statements.run('DELETE FROM explanations WHERE run_id = ? AND attempt = ?', key.runId, key.attempt);
    this.setState(key, state, reason, native);
    this.touchJob(key.runId);
  }

  state({ runId, attempt }: AttemptKey): JobState | undefined {
    const row = this.#statements.get('SELECT state FROM attempts WHERE run_id = ? AND number = ?', runId, attempt);
    return row === undefined ? undefined : stateOf(row);
  }

  /** Moves the attempt, and the job if it is its newest, to a state that may follow, with its entry in the timeline. */
  setState(key: AttemptKey, state: JobState, reason: string | null, native: string | null): void {
    const { runId, attempt } = key;
    const before = this.state(key);
    if (before === undefined || !mayFollow(before, state)) {
      return;
    }
    const now = this.#clock.now();
    this.#statements.run('UPDATE attempts SET state = ? WHERE run_id = ? AND number = ?', state, runId, attempt);
    this.#statements.run(
      `UPDATE jobs SET state = ?, job_group = ?, reason = ?,
              started_at = coalesce(min(jobs.started_at, a.started_at), jobs.started_at, a.started_at),
              ended_at = CASE WHEN ? THEN coalesce(a.ended_at, ?) END
         FROM attempts a WHERE jobs.run_id = ? AND jobs.attempt = ? AND a.run_id = jobs.run_id AND a.number = jobs.attempt`,
      state,
      groupOf(state),
      reason,
      isTerminal(state) ? 1 : 0,
      now,
      runId,
      attempt,
    );
    this.addEvent(runId, { at: now, attempt, kind: 'state', state, text: stateSentence(state, reason), native });
  }

  addEvent(runId: RunId, event: JobEvent): void {
    this.#statements.run(
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

  /** Every process hears that the job changed. */
  touchJob(runId: RunId): void {
    this.#statements.run('UPDATE jobs SET changed = ? WHERE run_id = ?', this.#changes.next(), runId);
    this.#changes.note(runId);
  }
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/gu, '0');
}

function newer(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function onlyRenews(before: AttemptStatus, after: AttemptStatus): boolean {
  const age = (after.observedAt ?? 0) - (before.observedAt ?? 0);
  // A clock that was set back makes it negative.
  return Math.abs(age) < renewAfter && sameStatus(before, { ...after, observedAt: before.observedAt });
}

function nodesText(nodes: readonly JobNode[]): string {
  const byRank = nodes.toSorted((a, b) => a.rank - b.rank);
  return JSON.stringify(byRank.map(({ rank, host, state }) => [rank, host, state]));
}

function tasksText(tasks: readonly JobTask[]): string {
  const byIndex = tasks.toSorted((a, b) => a.index - b.index);
  return JSON.stringify(byIndex.map(({ index, state, exitCode }) => [index, state, exitCode]));
}
