import type { RunId } from '../core/job.ts';
import type { Logger } from '../core/ports.ts';
import { number, runIdOf } from './jobRows.ts';
import type { Statements } from './statements.ts';

/** How often other processes' writes are looked for, in ms; one pragma, no disk access while nothing changed. */
const interval = 250;

/** Learns which jobs changed: own writes are noted, those of other processes are found by the jobs' change numbers. */
export class StoreChanges {
  readonly #statements: Statements;
  readonly #logger: Logger;
  readonly #notify: (runIds: ReadonlySet<RunId>) => void;
  readonly #noted = new Set<RunId>();
  #timer: NodeJS.Timeout | undefined;
  #version = 0;
  #seen = 0;

  /** `notify` must not throw. */
  constructor(statements: Statements, logger: Logger, notify: (runIds: ReadonlySet<RunId>) => void) {
    this.#statements = statements;
    this.#logger = logger;
    this.#notify = notify;
  }

  /** The number for a change that is being written. Only inside a write transaction. */
  next(): number {
    return this.#newest() + 1;
  }

  #newest(): number {
    const row = this.#statements.get(
      `SELECT max(coalesce((SELECT max(changed) FROM jobs), 0), coalesce((SELECT max(changed) FROM deleted_jobs), 0)) AS n`,
    );
    return row === undefined ? 0 : number(row, 'n');
  }

  /** A job was written here; listeners hear of it after the transaction, at `flush`. */
  note(runId: RunId): void {
    this.#noted.add(runId);
  }

  flush(): void {
    if (this.#noted.size > 0) {
      const runIds = new Set(this.#noted);
      this.#noted.clear();
      this.#notify(runIds);
    }
  }

  /** The transaction was rolled back: nothing changed. */
  discard(): void {
    this.#noted.clear();
  }

  /** Looks for other processes' writes only while somebody listens. */
  watch(wanted: boolean): void {
    if (wanted === (this.#timer !== undefined)) {
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (wanted) {
      this.#version = this.#dataVersion();
      this.#seen = this.#newest();
      this.#timer = setInterval(() => {
        this.#look();
      }, interval);
      this.#timer.unref();
    }
  }

  #look(): void {
    try {
      const version = this.#dataVersion();
      if (version !== this.#version) {
        const runIds = this.#changedSince();
        this.#version = version;
        if (runIds.size > 0) {
          this.#notify(runIds);
        }
      }
    } catch (error) {
      this.#logger.warn('other windows could not be looked after; it is tried again', error);
    }
  }

  #changedSince(): ReadonlySet<RunId> {
    const rows = this.#statements.all(
      `SELECT run_id, changed FROM jobs WHERE changed > ?
       UNION ALL SELECT run_id, changed FROM deleted_jobs WHERE changed > ?`,
      this.#seen,
      this.#seen,
    );
    this.#seen = rows.reduce((newest, row) => Math.max(newest, number(row, 'changed')), this.#seen);
    return new Set(rows.map(runIdOf));
  }

  /** Changes when another connection committed (https://sqlite.org/pragma.html#pragma_data_version). */
  #dataVersion(): number {
    const row = this.#statements.get('PRAGMA data_version');
    return row === undefined ? 0 : number(row, 'data_version');
  }

  dispose(): void {
    clearInterval(this.#timer);
  }
}
