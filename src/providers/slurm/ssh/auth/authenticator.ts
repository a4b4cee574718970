import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveCallback, Prompt } from 'ssh2';

import { ProviderError } from '../../../../core/providerError.ts';
import type { HostConfig } from '../config/hostConfig.ts';
import type { KeyFile } from './keyFile.ts';
import { collectIdentities, openKey, type OneKey } from './identities.ts';
import type { Keyring, SecretName } from './keyring.ts';
import { plain, type Prompter } from './prompter.ts';

/** A prompt for something that is the same every time. */
const asksForPassword = /password/iu;
const asksForCode = /one.?time|otp|code|token|passcode|verification|second|yubi|duo/iu;

/**
 * Chooses what a server is offered next, in ssh's order: no method (to learn which there are), keys, keyboard-interactive, password.
 * After a partial success it goes on with what the server then wants. What a person has to type is asked for a bounded number of
 * times in all (NumberOfPasswordPrompts), and nothing that is remembered is sent twice.
 */
export class Authenticator {
  readonly #config: HostConfig;
  readonly #keyring: Keyring;
  readonly #prompter: Prompter;
  /** What the person typed on the way; right only once the server let us in. */
  readonly typed = new Map<SecretName, string>();
  readonly #tried: string[] = [];
  #keys: OneKey[] | null = null;
  #opaque: KeyFile[] = [];
  #notes: readonly string[] = [];
  #lastKey: OneKey | null = null;
  #attempts = 0;
  #remembersPassword = true;
  #lastAnswer: 'typed' | 'remembered' | null = null;
  #promptless = false;

  constructor(config: HostConfig, keyring: Keyring, prompter: Prompter) {
    this.#config = config;
    this.#keyring = keyring;
    this.#prompter = prompter;
  }

  /** The next method; false when nothing is left. Rejects when the person went away. */
  async next(methods: readonly AuthenticationType[] | null, partial: boolean | null): Promise<AnyAuthMethod | false> {
    const username = this.#config.user;
    if (methods === null) {
      return { type: 'none', username };
    }
    if (this.#lastKey?.hasSigned === true) {
      // Taken, and yet not enough. Which methods are left then is not what ssh2 tells; being refused once more says it.
      this.#lastKey = null;
      this.#tried.push('and then');
      return { type: 'none', username };
    }
    if (partial === true) {
      this.#tried.push('and then');
      this.#promptless = false;
    } else if (this.#lastAnswer !== null) {
      this.#attempts += this.#lastAnswer === 'typed' ? 1 : 0;
      await this.#keyring.forget(this.#passwordName);
    }
    this.#lastAnswer = null;
    if (this.#config.publicKey && methods.includes('publickey')) {
      const key = await this.#nextKey(username);
      if (key !== null) {
        return key;
      }
    }
    if (
      this.#config.keyboardInteractive &&
      methods.includes('keyboard-interactive') &&
      this.#mayAsk &&
      !this.#promptless
    ) {
      this.#tried.push('keyboard-interactive');
      this.#promptless = true;
      return { type: 'keyboard-interactive', username, prompt: this.#answer };
    }
    if (this.#config.password && methods.includes('password') && this.#mayAsk) {
      this.#tried.push('password');
      return { type: 'password', username, password: await this.#password(`Password of ${this.#account}`, '') };
    }
    return false;
  }

  /** Why the server did not let us in, once nothing was left to try. */
  refusal(raw: string): ProviderError {
    const { hostName, user } = this.#config;
    const tried = this.#tried.length === 0 ? 'nothing that could be tried' : this.#tried.join(', ');
    const message =
      this.#attempts > 0
        ? `${hostName} did not accept what was typed for ${user}.`
        : `${hostName} did not let ${user} in.`;
    return new ProviderError('auth', message, {
      raw: [raw, `Tried: ${tried}.`, ...this.#notes].join('\n'),
      remedy:
        this.#attempts > 0
          ? 'Check the password with the site before it locks the account, then test the connection.'
          : `See that "ssh ${this.#config.alias}" works in a terminal (keys that need a certificate, a token or Kerberos are not supported), then test the connection.`,
    });
  }

  get #account(): string {
    return `${this.#config.user}@${this.#config.hostName}`;
  }

  get #passwordName(): SecretName {
    return `password ${this.#account}:${this.#config.port}`;
  }

  get #mayAsk(): boolean {
    return this.#attempts < this.#config.passwordPrompts;
  }

  async #nextKey(username: string): Promise<AnyAuthMethod | null> {
    if (this.#keys === null) {
      const { keys, opaque, notes } = await collectIdentities(this.#config, this.#keyring, this.typed, this.#prompter);
      this.#keys = [...keys];
      this.#opaque = [...opaque];
      this.#notes = notes;
    }
    const key = this.#keys.shift();
    if (key !== undefined) {
      this.#lastKey = key;
      this.#tried.push(`a key (${key.name})`);
      return { type: 'agent', username, agent: key };
    }
    const file = this.#opaque.shift();
    if (file === undefined) {
      return null;
    }
    this.#tried.push(`a key (${file.path})`);
    const opened = await openKey(file, this.#keyring, this.typed, this.#prompter).catch(() => null);
    return opened === null ? this.#nextKey(username) : { type: 'publickey', username, key: opened };
  }

  readonly #answer = (
    name: string,
    instructions: string,
    _language: string,
    prompts: Prompt[],
    finish: KeyboardInteractiveCallback,
  ): void => {
    this.#promptless = false;
    // The connection ends when the person goes away, so that no answer is needed then.
    this.#answers(plain(`${name} ${instructions}`), prompts).then(finish, () => undefined);
  };

  async #answers(introduction: string, prompts: readonly Prompt[]): Promise<string[]> {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const isPassword = asksForPassword.test(prompt) && !asksForCode.test(prompt) && echo !== true;
      const title = `Sign in as ${this.#account}`;
      const text = introduction === '' ? prompt : `${introduction} — ${prompt}`;
      answers.push(isPassword ? await this.#password(title, text) : await this.#type(title, text, echo !== true));
    }
    return answers;
  }

  /** The remembered one, once; then what is typed. */
  async #password(title: string, prompt: string): Promise<string> {
    const remembered = this.#remembersPassword ? await this.#keyring.get(this.#passwordName) : undefined;
    this.#remembersPassword = false;
    if (remembered !== undefined) {
      this.#lastAnswer ??= 'remembered';
      return remembered;
    }
    const password = await this.#type(title, prompt, true);
    this.typed.set(this.#passwordName, password);
    return password;
  }

  async #type(title: string, prompt: string, isSecret: boolean): Promise<string> {
    this.#lastAnswer = 'typed';
    const again = this.#attempts > 0 ? 'That was not accepted; try again. ' : '';
    return this.#prompter.type(title, `${again}${prompt}`, isSecret);
  }
}
