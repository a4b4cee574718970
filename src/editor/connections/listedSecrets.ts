import type { KeyValue, Secrets } from '../../core/ports.ts';

const key = 'names';

/** Secrets whose names are written down, so that all of them can be forgotten together. */
export class ListedSecrets implements Secrets {
  readonly #secrets: Secrets;
  readonly #values: KeyValue;

  constructor(secrets: Secrets, values: KeyValue) {
    this.#secrets = secrets;
    this.#values = values;
  }

  async get(name: string): Promise<string | undefined> {
    return await this.#secrets.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    // First the name: a secret that is not listed would stay for ever.
    await this.#list([...new Set([...this.#names(), name])]);
    await this.#secrets.set(name, value);
  }

  async delete(name: string): Promise<void> {
    await this.#secrets.delete(name);
    await this.#list(this.#names().filter((other) => other !== name));
  }

  async deleteAll(): Promise<void> {
    for (const name of this.#names()) {
      await this.delete(name);
    }
  }

  #names(): readonly string[] {
    const names: unknown = JSON.parse(this.#values.get(key) || '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  }

  async #list(names: readonly string[]): Promise<void> {
    await this.#values.set(key, JSON.stringify(names));
  }
}
