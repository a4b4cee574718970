import type { AccountAsking, Accounts, Clock, Logger } from '../../../core/ports.ts';
import { isProviderError, ProviderError } from '../../../core/providerError.ts';
import type { AzureCloud } from '../cloud.ts';
import type { CredentialKind } from '../settings.ts';
import { untilAborted } from './shared.ts';
import { signInRemedy } from './signInRemedy.ts';
import { isPassing } from './signInTrouble.ts';

export interface Token {
  readonly token: string;
  /** As the sign-in says, by Microsoft's clock. */
  readonly expiresAt: number;
}

export interface CredentialOptions {
  readonly cloud: AzureCloud;
  readonly tenant: string | undefined;
  /** The only way that is tried; undefined: each in turn. */
  readonly kind: CredentialKind | undefined;
  readonly accounts: Accounts | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** In this order: whoever works in the editor is most likely signed in there. */
const order: readonly CredentialKind[] = ['editor', 'cli', 'environment', 'managedIdentity'];

const names: Readonly<Record<CredentialKind, string>> = {
  editor: 'the Microsoft account of VS Code',
  cli: 'Azure CLI',
  environment: 'the AZURE_ variables of the environment',
  managedIdentity: 'the managed identity of this machine',
};

/** A token is asked for anew this long before it ends, in ms, so that none ends on the way. */
const renewBefore = 5 * 60_000;
/** It serves at least this long, in ms, however wrong the clock of this machine is: Azure says when it takes it no more. */
const servesAtLeast = 60_000;

/** How long the editor may take, in ms: without and with a person who is asked. */
const editorWithin = { quiet: 20_000, asking: 5 * 60_000 } as const;

interface Kept extends Token {
  readonly since: number;
}

/** The person was asked to sign in and did not want to. To others that wait for a token it is a refusal as any. */
class WentAway extends ProviderError {}

/** Tokens from wherever the person is signed in, found once and kept to. */
export class Credential {
  readonly #options: CredentialOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Map<string, Promise<Kept>>();
  #kind: CredentialKind | undefined;

  constructor(options: CredentialOptions) {
    this.#options = options;
    this.#kind = options.kind;
  }

  /** The way that was chosen, or has worked; undefined: none yet. */
  get kind(): CredentialKind | undefined {
    return this.#kind;
  }

  /** What signs in anew, in a sentence. */
  get remedy(): string {
    return this.remedyIn(this.#options.tenant);
  }

  /** The same for another tenant. */
  remedyIn(tenant: string | undefined, kind = this.#kind): string {
    return signInRemedy(kind, tenant, this.#options.accounts !== undefined);
  }

  /** Rejects with `auth`, naming what signs in, and with `transient` when that could not be reached. */
  async token(scope: string, signal: AbortSignal): Promise<Token> {
    const kept = this.#kept.get(scope);
    const now = this.#options.clock.now();
    if (kept !== undefined && (kept.expiresAt - renewBefore > now || Math.abs(now - kept.since) < servesAtLeast)) {
      return kept;
    }
    // Shared by all that wait: one of them going away must not take it from the others.
    return untilAborted(this.#asked.get(scope) ?? this.#ask(scope, this.#ways, 'never'), signal);
  }

  /**
   * The person is there and wants to sign in: the editor asks them, unless it is another way that is taken. False when they went
   * away; rejects as `token` does.
   */
  async signIn(scope: string, asking: Exclude<AccountAsking, 'never'>, signal: AbortSignal): Promise<boolean> {
    const before = this.#kind;
    this.#kept.clear();
    this.#kind = this.#options.kind;
    try {
      if (await this.#isByEditor(scope, signal)) {
        await untilAborted(this.#ask(scope, ['editor'], asking), signal);
      }
      return true;
    } catch (error) {
      // What was not signed in with is not kept to: another way may work by the next time.
      this.#kind = before;
      this.#kept.clear();
      if (error instanceof WentAway) {
        return false;
      }
      throw error;
    }
  }

  /** Whether it is the editor that signs in: because it was chosen, is what works, or nothing else does. */
  async #isByEditor(scope: string, signal: AbortSignal): Promise<boolean> {
    const { kind, accounts } = this.#options;
    if (kind === 'editor') {
      return true;
    }
    try {
      await untilAborted(this.#ask(scope, this.#ways, 'never'), signal);
      return this.#kind === 'editor';
    } catch (error) {
      if (kind !== undefined || accounts === undefined || !isProviderError(error) || error.tag !== 'auth') {
        throw error;
      }
      this.#kind = 'editor';
      return true;
    }
  }

  get #ways(): readonly CredentialKind[] {
    return this.#kind === undefined ? order : [this.#kind];
  }

  /** Azure does not take it any more. */
  drop(token: string): void {
    for (const [scope, kept] of this.#kept) {
      if (kept.token === token) {
        this.#kept.delete(scope);
      }
    }
  }

  async #ask(scope: string, ways: readonly CredentialKind[], asking: AccountAsking): Promise<Kept> {
    const asked = (async () => {
      const found = await this.#find(scope, ways, asking);
      const kept = { ...found, since: this.#options.clock.now() };
      this.#kept.set(scope, kept);
      return kept;
    })().finally(() => {
      if (this.#asked.get(scope) === asked) {
        this.#asked.delete(scope);
      }
    });
    this.#asked.set(scope, asked);
    return asked;
  }

  async #find(scope: string, ways: readonly CredentialKind[], asking: AccountAsking): Promise<Token> {
    const { logger } = this.#options;
    const failures: string[] = [];
    let notSignedIn = 0;
    let unreachable: unknown;
    /** The one that is to be used, as far as that shows: what is refused was set up by somebody. */
    let meant = this.#kind;
    for (const kind of ways) {
      try {
        const token = await this.#from(kind, scope, asking);
        if (token !== null) {
          this.#kind = kind;
          return token;
        }
        notSignedIn += 1;
        failures.push(`${names[kind]}: not signed in`);
      } catch (error) {
        failures.push(`${names[kind]}: ${error instanceof Error ? error.message : String(error)}`);
        logger.debug(`No token from ${names[kind]}`);
        if (kind === 'environment' && error instanceof Error && error.name === 'AuthenticationError') {
          meant ??= kind;
        }
        // Most machines have no managed identity, and say so by not answering.
        if (isPassing(error) && (kind !== 'managedIdentity' || this.#kind === kind)) {
          unreachable = error;
        }
      }
    }
    if (unreachable !== undefined) {
      throw new ProviderError('transient', 'The sign-in to Azure cannot be reached.', {
        raw: failures.join('\n'),
        remedy: 'Check your network, VPN or proxy.',
        cause: unreachable,
      });
    }
    const Refusal = asking !== 'never' && failures.length === notSignedIn ? WentAway : ProviderError;
    throw new Refusal(
      'auth',
      meant === undefined ? 'You are not signed in to Azure.' : `The sign-in by ${names[meant]} does not work.`,
      { raw: failures.join('\n'), remedy: this.remedyIn(this.#options.tenant, meant) },
    );
  }

  /** null where there is certainly none. */
  async #from(kind: CredentialKind, scope: string, asking: AccountAsking): Promise<Token | null> {
    const { accounts, tenant, cloud } = this.#options;
    if (kind === 'editor') {
      const asked = accounts?.token({ provider: 'microsoft', tenant, scopes: [scope], asking });
      return asked === undefined
        ? null
        : this.#inTime(asked, asking === 'never' ? editorWithin.quiet : editorWithin.asking);
    }
    const { tokenFrom } = await import('./azureIdentity.ts');
    return tokenFrom(kind, scope, tenant, cloud);
  }

  /** What never answers is let go of, so that it can be asked again. */
  async #inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
    const done = new AbortController();
    const late = this.#options.clock.sleep(ms, done.signal).then(() => {
      throw new DOMException(`There was no answer within ${ms / 1000} s.`, 'TimeoutError');
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      late.catch(() => undefined);
      done.abort();
    }
  }
}
