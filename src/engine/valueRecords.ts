import type { ConnectionId } from '../core/job.ts';
import type { Clock } from '../core/ports.ts';
import type { JsonObject, ProviderId } from '../core/provider.ts';
import { json, text } from './jobRows.ts';
import type { Statements } from './statements.ts';

export interface StoredConnection {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  readonly settings: JsonObject;
}

/** In ms. What was granted so far in the future was granted by a clock that has been set back since, and counts no more. */
export const clockTolerance = 1_000;

export interface ValueRecordDeps {
  readonly statements: Statements;
  readonly clock: Clock;
  readonly session: string;
}

/** The store's part that is not about jobs: connections, leases and small values. Writes only inside a transaction. */
export class ValueRecords {
  readonly #statements: Statements;
  readonly #clock: Clock;
  readonly #session: string;

  constructor({ statements, clock, session }: ValueRecordDeps) {
    this.#statements = statements;
    this.#clock = clock;
    this.#session = session;
  }

  connections(): readonly StoredConnection[] {
    return this.#statements.all('SELECT * FROM connections ORDER BY created_at, id').map((row) => ({
      id: text(row, 'id') as ConnectionId,
      providerId: text(row, 'provider_id'),
      label: text(row, 'label'),
      settings: json<JsonObject>(text(row, 'settings')),
    }));
  }

  saveConnection({ id, providerId, label, settings }: StoredConnection): void {
    this.#statements.run(
      `INSERT INTO connections (id, provider_id, label, settings, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET label = excluded.label, settings = excluded.settings`,
      id,
      providerId,
      label,
      JSON.stringify(settings),
      this.#clock.now(),
    );
  }

  deleteConnection(id: ConnectionId): void {
    this.#statements.run('DELETE FROM connections WHERE id = ?', id);
  }

  acquireLease(name: string, forMs: number): boolean {
    const now = this.#clock.now();
    const written = this.#statements.run(
      `INSERT INTO leases (name, holder, since, until) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, since = excluded.since, until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until < excluded.since OR leases.since > ?`,
      name,
      this.#session,
      now,
      now + forMs,
      now + clockTolerance,
    );
    return written === 1;
  }

  releaseLease(name: string): void {
    this.#statements.run('DELETE FROM leases WHERE name = ? AND holder = ?', name, this.#session);
  }

  value(key: string): string | undefined {
    const row = this.#statements.get('SELECT value FROM stored_values WHERE key = ?', key);
    return row === undefined ? undefined : text(row, 'value');
  }

  setValue(key: string, value: string): void {
    this.#statements.run('INSERT OR REPLACE INTO stored_values (key, value) VALUES (?, ?)', key, value);
  }
}
