import type { Ask } from './ask.ts';
import type { ConnectionId, EpochMs } from './job.ts';

/** The outside world as core and engine see it; each has one real implementation and one for tests. */
export interface Clock {
  now(): EpochMs;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** `vscode.LogOutputChannel` satisfies it. Never given a secret. */
export interface Logger {
  debug(message: string, ...data: readonly unknown[]): void;
  info(message: string, ...data: readonly unknown[]): void;
  warn(message: string, ...data: readonly unknown[]): void;
  error(message: string | Error, ...data: readonly unknown[]): void;
}

export interface Secrets {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Small things worth remembering between sessions. */
export interface KeyValue {
  get(key: string): string | undefined;
  set(key: string, value: string): Promise<void>;
}

/** A folder of the connection's own on this machine; it exists when asked for. */
export interface Files {
  folder(): Promise<string>;
}

/** Sign-ins that the editor itself keeps. */
export interface Accounts {
  /** Resolves to null where there is none that serves, or the person did not want to. Rejects when it could not be asked for. */
  token(request: AccountRequest): Promise<AccountToken | null>;
}

/**
 * Whether the person is there to sign in. `never`: nothing is shown; `ifNone`: only where no sign-in serves; `anew`: they want to,
 * though they may be signed in already.
 */
export type AccountAsking = 'never' | 'ifNone' | 'anew';

export interface AccountRequest {
  readonly provider: 'microsoft';
  /** Left out: the one that the account is at home in. */
  readonly tenant?: string | undefined;
  /** As the service that the token is for names them. */
  readonly scopes: readonly string[];
  readonly asking: AccountAsking;
}

export interface AccountToken {
  readonly token: string;
  readonly expiresAt: EpochMs;
}

export interface ProviderPorts {
  readonly connectionId: ConnectionId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: Secrets;
  readonly keyValue: KeyValue;
  readonly files: Files;
  /** For what only a person can say: a passphrase, a code, whether an unknown host is the right one. */
  readonly ask: Ask;
  /** Absent outside an editor. */
  readonly accounts?: Accounts | undefined;
}

/** What a provider may use while a new connection to it is set up. */
export type SetUpPorts = Pick<ProviderPorts, 'accounts' | 'ask' | 'clock' | 'logger'>;
