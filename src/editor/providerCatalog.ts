import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ConnectionId } from '../core/job.ts';
import type { Ask } from '../core/ask.ts';
import type { Clock, KeyValue, Logger, Secrets } from '../core/ports.ts';
import type { Abilities, Connection, JsonObject, Provider, ProviderId } from '../core/provider.ts';
import type { ConnectionInfo, Connections } from '../engine/connections.ts';

/** A provider that can be used but whose bundle is not loaded yet. */
export interface ProviderEntry {
  readonly id: ProviderId;
  readonly label: string;
  readonly abilities: Abilities;
  readonly load: () => Promise<Provider>;
}

export interface ConfiguredConnection {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  /** Read anew each time the connection is opened, so that changed settings apply to the next submission. */
  readonly settings: () => Promise<JsonObject>;
}

export interface CatalogPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ask: Ask;
  readonly secrets: (connectionId: ConnectionId) => Secrets;
  readonly keyValue: (connectionId: ConnectionId) => KeyValue;
  /** A folder per connection is made below this one. */
  readonly filesRoot: string;
}

/** The connections of this window. A provider's bundle loads when its first connection is opened. */
export class ProviderCatalog implements Connections {
  readonly #providers: ReadonlyMap<ProviderId, ProviderEntry>;
  readonly #configured: readonly ConfiguredConnection[];
  readonly #ports: CatalogPorts;
  /** By id and settings: somebody may still be using what was opened before the settings changed. */
  readonly #opened = new Map<string, Connection>();

  constructor(providers: readonly ProviderEntry[], configured: readonly ConfiguredConnection[], ports: CatalogPorts) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]));
    this.#configured = configured;
    this.#ports = ports;
  }

  list(): readonly ConnectionInfo[] {
    return this.#configured.flatMap(({ id, providerId, label }) => {
      const provider = this.#providers.get(providerId);
      return provider === undefined ? [] : [{ id, providerId, label, abilities: provider.abilities }];
    });
  }

  async open(id: ConnectionId): Promise<Connection> {
    const configured = this.#configured.find((candidate) => candidate.id === id);
    const entry = configured === undefined ? undefined : this.#providers.get(configured.providerId);
    if (configured === undefined || entry === undefined) {
      throw new Error(
        `There is no connection named ${id} any more. Its jobs are kept, but nothing can be asked about them.`,
      );
    }
    const provider = await entry.load();
    const settings = await configured.settings();
    const key = JSON.stringify([id, settings]);
    const opened = this.#opened.get(key);
    if (opened !== undefined) {
      return opened;
    }
    const { clock, logger, ask, secrets, keyValue, filesRoot } = this.#ports;
    const folder = join(filesRoot, id);
    const connection = provider.connect(settings, {
      connectionId: id,
      clock,
      logger,
      ask,
      secrets: secrets(id),
      keyValue: keyValue(id),
      files: {
        folder: async () => {
          await mkdir(folder, { recursive: true });
          return folder;
        },
      },
    });
    this.#opened.set(key, connection);
    return connection;
  }

  async dispose(): Promise<void> {
    const connections = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.allSettled(
      connections.map(async (connection) => {
        await connection.dispose();
      }),
    );
  }
}
