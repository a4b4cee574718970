import type { Event } from '../core/event.ts';
import type { ConnectionId } from '../core/job.ts';
import type { Abilities, Connection, ProviderId } from '../core/provider.ts';

export interface ConnectionInfo {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  readonly abilities: Abilities;
}

/** The configured accounts, clusters and hosts. They come, go and change while the engine runs, from other windows too. */
export interface Connections {
  readonly onDidChange: Event<void>;
  list(): readonly ConnectionInfo[];
  /** The name people know a connection by, also when it is gone; its id when nobody remembers. */
  label(id: ConnectionId): string;
  /**
   * Loads the provider's bundle on first use. Rejects when there is no such connection any more. Ask for it again before each piece
   * of work: once its settings have changed, what was opened before is closed when nothing of it is under way.
   */
  open(id: ConnectionId): Promise<Connection>;
  /** Whether it waits for a person to answer a question, such as for a one-time code. */
  isAsking(id: ConnectionId): boolean;
}

/** What its provider can do; undefined when the connection is gone. */
export function connectionAbilities(connections: Connections, id: ConnectionId): Abilities | undefined {
  return connections.list().find((connection) => connection.id === id)?.abilities;
}
