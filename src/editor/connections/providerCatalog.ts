import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Emitter, type Event } from '../../core/event.ts';
import type { ConnectionId } from '../../core/job.ts';
import type { Ask } from '../../core/ask.ts';
import type { Accounts, Clock, KeyValue, Logger, ProviderPorts, Secrets } from '../../core/ports.ts';
import type { Abilities, Connection, JsonObject, Provider, ProviderId } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { ConnectionInfo, Connections } from '../../engine/connections.ts';
import { t } from '../l10n.ts';
import { AttendedAsk } from './attendedAsk.ts';
import type { BrokenConnection } from './savedConnections.ts';
import { UsedConnection } from './usedConnection.ts';

/** A provider that can be used but whose bundle is not loaded yet. */
export interface ProviderEntry {
  readonly id: ProviderId;
  readonly label: string;
  readonly abilities: Abilities;
  /** Only for a provider with `setUp`. */
  readonly setUp?: {
    /** Codicon id. */
    readonly icon: string;
    /** What a person needs to have, in a line without a full stop: "a host that you reach by SSH". */
    readonly needs: string;
  };
  readonly load: () => Promise<Provider>;
}

export interface ConfiguredConnection {
  readonly id: ConnectionId;
  readonly providerId: ProviderId;
  readonly label: string;
  /** Read anew each time the connection is opened, so that changed settings apply to the next submission. */
  readonly settings: () => Promise<JsonObject>;
}

/** Where the connections of this machine are written down. */
export interface ConfiguredConnections {
  readonly onDidChange: Event<void>;
  list(): { readonly usable: readonly ConfiguredConnection[]; readonly broken: readonly BrokenConnection[] };
}

export interface CatalogPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ask: Ask;
  readonly accounts?: Accounts | undefined;
  readonly secrets: (connectionId: ConnectionId) => Secrets;
  readonly keyValue: (connectionId: ConnectionId) => KeyValue;
  /** The last label of each connection, kept for the jobs of those that are gone. */
  readonly labels: KeyValue;
  /** A folder per connection is made below this one. */
  readonly filesRoot: string;
}

interface Opened {
  readonly id: ConnectionId;
  /** As text, to compare. */
  readonly settings: string;
  readonly used: UsedConnection;
  /** False once somebody asked for a fresh one. */
  mayReturn: boolean;
}

/** The connections of this machine. A provider's bundle loads when its first connection is opened. */
export class ProviderCatalog implements Connections {
  readonly entries: readonly ProviderEntry[];
  readonly #configured: ConfiguredConnections;
  readonly #ports: CatalogPorts;
  readonly #changed = new Emitter<void>();
  readonly #subscription: { dispose(): void };
  /** Several of one id when somebody is still using what was opened before the settings changed. */
  readonly #opened = new Set<Opened>();
  readonly #asks = new Map<ConnectionId, AttendedAsk>();

  readonly onDidChange = this.#changed.event;

  constructor(entries: readonly ProviderEntry[], configured: ConfiguredConnections, ports: CatalogPorts) {
    this.entries = entries;
    this.#configured = configured;
    this.#ports = ports;
    this.#subscription = configured.onDidChange(() => {
      void this.#retireChanged();
      this.#changed.fire();
    });
  }

  list(): readonly ConnectionInfo[] {
    return this.#configured.list().usable.flatMap(({ id, providerId, label }) => {
      const entry = this.entry(providerId);
      if (entry === undefined) {
        return [];
      }
      if (this.#ports.labels.get(id) !== label) {
        void this.#ports.labels.set(id, label);
      }
      return [{ id, providerId, label, abilities: entry.abilities }];
    });
  }

  /** Entries that nothing can be done with, and why. */
  broken(): readonly BrokenConnection[] {
    const { usable, broken } = this.#configured.list();
    const unknown = usable
      .filter(({ providerId }) => this.entry(providerId) === undefined)
      .map(({ id, providerId, label }) => ({
        id,
        label,
        reason: t('This version of Aloft has no provider named {0}.', providerId),
        entry: { id },
      }));
    return [...broken, ...unknown];
  }

  entry(providerId: ProviderId): ProviderEntry | undefined {
    return this.entries.find(({ id }) => id === providerId);
  }

  label(id: ConnectionId): string {
    return this.list().find((info) => info.id === id)?.label ?? this.#ports.labels.get(id) ?? id;
  }

  async open(id: ConnectionId): Promise<Connection> {
    const configured = this.#find(id);
    const entry = configured === undefined ? undefined : this.entry(configured.providerId);
    if (configured === undefined || entry === undefined) {
      throw new ProviderError('conflict', t('{0} is not set up here any more.', this.label(id)), {
        remedy: t('Its jobs are kept, but nothing can be asked about them until it is added again.'),
      });
    }
    const provider = await this.load(entry);
    const settings = await configured.settings();
    const opened = this.#known(id, JSON.stringify(settings)) ?? this.#connect(provider, id, settings);
    opened.used.keep();
    this.#retire((other) => other.id === id && other !== opened);
    return opened.used.connection;
  }

  #known(id: ConnectionId, settings: string): Opened | undefined {
    return [...this.#opened].find((opened) => opened.id === id && opened.settings === settings && opened.mayReturn);
  }

  #connect(provider: Provider, id: ConnectionId, settings: JsonObject): Opened {
    const used = new UsedConnection(provider.connect(settings, this.ports(id)));
    const opened = { id, settings: JSON.stringify(settings), used, mayReturn: true };
    this.#opened.add(opened);
    return opened;
  }

  /** Closes what is open of it, once nothing of it is under way; whoever asks next signs in anew. */
  reconnect(id: ConnectionId): void {
    for (const opened of this.#opened) {
      opened.mayReturn &&= opened.id !== id;
    }
    this.#retire((opened) => opened.id === id);
  }

  /** The provider's bundle. */
  async load(entry: ProviderEntry): Promise<Provider> {
    try {
      return await entry.load();
    } catch (error) {
      throw new ProviderError('conflict', t('The part of Aloft for {0} could not be loaded.', entry.label), {
        raw: error instanceof Error ? error.message : String(error),
        remedy: t('Reload the window if Aloft was just updated, else install it again.'),
        cause: error,
      });
    }
  }

  /** What a connection with this id may use. */
  ports(id: ConnectionId): ProviderPorts {
    const { accounts, clock, logger, secrets, keyValue, filesRoot } = this.#ports;
    const folder = join(filesRoot, id);
    return {
      connectionId: id,
      clock,
      logger,
      ask: this.#ask(id),
      accounts,
      secrets: secrets(id),
      keyValue: keyValue(id),
      files: {
        folder: async () => {
          await mkdir(folder, { recursive: true });
          return folder;
        },
      },
    };
  }

  isAsking(id: ConnectionId): boolean {
    return this.#asks.get(id)?.isAsking === true;
  }

  #ask(id: ConnectionId): AttendedAsk {
    const ask = this.#asks.get(id) ?? new AttendedAsk(this.#ports.ask);
    this.#asks.set(id, ask);
    return ask;
  }

  /** Takes over a connection that was opened with these ports and settings to try it, so that nobody signs in twice. */
  adopt(id: ConnectionId, settings: JsonObject, connection: Connection): void {
    const used = new UsedConnection(connection);
    this.#opened.add({ id, settings: JSON.stringify(settings), used, mayReturn: true });
  }

  #find(id: ConnectionId): ConfiguredConnection | undefined {
    return this.#configured.list().usable.find((candidate) => candidate.id === id);
  }

  async #retireChanged(): Promise<void> {
    const current = new Map<ConnectionId, string>();
    for (const { id, settings } of this.#configured.list().usable) {
      current.set(id, JSON.stringify(await settings()));
    }
    this.#retire(({ id, settings }) => current.get(id) !== settings);
  }

  #retire(isOutdated: (opened: Opened) => boolean): void {
    for (const opened of [...this.#opened].filter(isOutdated)) {
      opened.used.retire(() => {
        this.#opened.delete(opened);
        opened.used.dispose().catch((error: unknown) => {
          this.#ports.logger.warn(`${opened.id} did not close well`, error);
        });
      });
    }
  }

  async dispose(): Promise<void> {
    this.#subscription.dispose();
    this.#changed.dispose();
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.allSettled(
      opened.map(async ({ used }) => {
        await used.dispose();
      }),
    );
  }
}
