import type { ConnectionId } from '../core/job.ts';
import type { Abilities, Connection, ProviderId } from '../core/provider.ts';

export interface ConnectionInfo {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  readonly abilities: Abilities;
}

/** The configured accounts, clusters and hosts of this window. */
export interface Connections {
  list(): readonly ConnectionInfo[];
  /** Loads the provider's bundle on first use. Rejects when there is no such connection any more. */
  open(id: ConnectionId): Promise<Connection>;
}

/** What its provider can do; undefined when the connection is gone. */
export function connectionAbilities(connections: Connections, id: ConnectionId): Abilities | undefined {
  return connections.list().find((connection) => connection.id === id)?.abilities;
}

/** The name people know a connection by; its id when it is gone. */
export function connectionLabel(connections: Connections, id: ConnectionId): string {
  return connections.list().find((connection) => connection.id === id)?.label ?? id;
}
