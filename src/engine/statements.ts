import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Row } from './jobRows.ts';
import { forgetCheck } from './storeCheck.ts';
import { explainStoreError, isDamage } from './storeError.ts';

/** Each statement is prepared once per connection. Errors of SQLite come in plain words, as from `transaction`. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#prepare(sql).get(...values));
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#guarded(() => this.#prepare(sql).all(...values));
  }

  /** How many rows were written. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** Reads that must agree with each other, whatever other processes write meanwhile. */
  atOnce<T>(read: () => T): T {
    if (this.#database.isTransaction) {
      return read();
    }
    this.#database.exec('BEGIN');
    try {
      return read();
    } finally {
      this.#database.exec('ROLLBACK');
    }
  }

  /** Damage that comes to light only now is looked for when the store is opened again. */
  #guarded<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      const file = this.#database.location() ?? '';
      if (isDamage(error)) {
        forgetCheck(file);
      }
      throw explainStoreError(error, file);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
