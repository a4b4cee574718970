import { rm } from 'node:fs/promises';

import type { ConnectionId } from '../../core/job.ts';
import type { KeyValue, ProviderPorts, Secrets } from '../../core/ports.ts';
import type { JsonObject } from '../../core/provider.ts';

/** A connection that is being set up. What is kept for it while it is tried goes again, unless it is added. */
export class DraftConnection {
  readonly id: ConnectionId;
  readonly label: string;
  readonly settings: JsonObject;
  readonly ports: ProviderPorts;
  readonly #undo = new Map<string, () => Promise<void>>();

  constructor(id: ConnectionId, label: string, settings: JsonObject, ports: ProviderPorts) {
    this.id = id;
    this.label = label;
    this.settings = settings;
    const { secrets, keyValue, files } = ports;
    this.ports = {
      ...ports,
      secrets: this.#watchedSecrets(secrets),
      keyValue: this.#watchedValues(keyValue),
      files: {
        folder: async () => {
          const folder = await files.folder();
          this.#undo.set('folder', async () => {
            await rm(folder, { recursive: true, force: true });
          });
          return folder;
        },
      },
    };
  }

  /** Forgets all that was kept for it. */
  async discard(): Promise<void> {
    await Promise.allSettled(
      [...this.#undo.values()].map(async (undo) => {
        await undo();
      }),
    );
    this.#undo.clear();
  }

  #watchedSecrets(secrets: Secrets): Secrets {
    return {
      get: async (name) => await secrets.get(name),
      delete: async (name) => {
        await secrets.delete(name);
      },
      set: async (name, value) => {
        const before = await secrets.get(name);
        this.#once(`secret/${name}`, async () => {
          await (before === undefined ? secrets.delete(name) : secrets.set(name, before));
        });
        await secrets.set(name, value);
      },
    };
  }

  #watchedValues(values: KeyValue): KeyValue {
    return {
      get: (key) => values.get(key),
      set: async (key, value) => {
        const before = values.get(key) ?? '';
        this.#once(`value/${key}`, async () => {
          await values.set(key, before);
        });
        await values.set(key, value);
      },
    };
  }

  /** What was there first is what comes back. */
  #once(name: string, undo: () => Promise<void>): void {
    if (!this.#undo.has(name)) {
      this.#undo.set(name, undo);
    }
  }
}
