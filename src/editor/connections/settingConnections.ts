import { Emitter } from '../../core/event.ts';
import { onDidChangeSetting, personalSetting } from '../settings.ts';
import type { ConfiguredConnection, ConfiguredConnections } from './providerCatalog.ts';
import { parseConnections } from './savedConnections.ts';

/** This machine, and what the person's own setting `aloft.connections` adds. Every window sees a change as soon as it is saved. */
export class SettingConnections implements ConfiguredConnections {
  readonly #local: ConfiguredConnection;
  readonly #changed = new Emitter<void>();
  readonly #subscription: { dispose(): void };
  #read: ReturnType<ConfiguredConnections['list']> | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(local: ConfiguredConnection) {
    this.#local = local;
    this.#subscription = onDidChangeSetting('connections', () => {
      this.#read = undefined;
      this.#changed.fire();
    });
  }

  list(): ReturnType<ConfiguredConnections['list']> {
    if (this.#read === undefined) {
      const { usable, broken } = parseConnections(personalSetting('connections'));
      const added = usable.map(({ id, provider, label, settings }) => ({
        id,
        providerId: provider,
        label,
        settings: async () => settings,
      }));
      this.#read = { usable: [this.#local, ...added], broken };
    }
    return this.#read;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
