import type { Ask } from '../../../../core/ask.ts';
import type { KeyValue, Secrets } from '../../../../core/ports.ts';

/** `password ada@login:22`, `passphrase /home/ada/.ssh/id_ed25519`. */
export type SecretName = `${'password' | 'passphrase'} ${string}`;

/**
 * Passwords and passphrases that were typed and turned out right: in memory as long as this object lives, and in VS Code's secret
 * storage when the person says so, who is asked that once for each, when it had to be typed a second time. One that turns out wrong
 * is forgotten at once, everywhere.
 */
export class Keyring {
  readonly #secrets: Secrets;
  readonly #memory: KeyValue;
  readonly #ask: Ask;
  readonly #held = new Map<SecretName, string>();

  constructor({
    secrets,
    keyValue,
    ask,
  }: {
    readonly secrets: Secrets;
    readonly keyValue: KeyValue;
    readonly ask: Ask;
  }) {
    this.#secrets = secrets;
    this.#memory = keyValue;
    this.#ask = ask;
  }

  async get(name: SecretName): Promise<string | undefined> {
    return this.#held.get(name) ?? (await this.#secrets.get(stored(name)));
  }

  async forget(name: SecretName): Promise<void> {
    this.#held.delete(name);
    await this.#secrets.delete(stored(name));
  }

  /** Takes over what was typed and found right. Asks whether to keep it, without making anybody wait for the answer. */
  learn(typed: ReadonlyMap<SecretName, string>, signal: AbortSignal): void {
    for (const [name, value] of typed) {
      this.#held.set(name, value);
      // Whether or not it could be kept, the connection stands.
      void this.#offerToKeep(name, value, signal).catch(() => undefined);
    }
  }

  async #offerToKeep(name: SecretName, value: string, signal: AbortSignal): Promise<void> {
    const before = this.#memory.get(state(name));
    if (before === undefined) {
      await this.#memory.set(state(name), 'typed once');
      return;
    }
    const keep = before === 'keep' || (before === 'typed once' && (await this.#mayKeep(name, signal)));
    await this.#memory.set(state(name), keep ? 'keep' : 'do not keep');
    if (keep) {
      await this.#secrets.set(stored(name), value);
    }
  }

  async #mayKeep(name: SecretName, signal: AbortSignal): Promise<boolean> {
    return this.#ask.confirm(
      {
        title: `Keep the ${name} in VS Code's secret storage?`,
        detail: 'Otherwise it is forgotten when this window closes, and asked for again.',
        yes: 'Keep',
      },
      signal,
    );
  }
}

const stored = (name: SecretName): string => `ssh.${name}`;
const state = (name: SecretName): string => `ssh.keep ${name}`;
