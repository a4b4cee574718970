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

export interface ProviderPorts {
  readonly connectionId: ConnectionId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: Secrets;
  readonly keyValue: KeyValue;
  readonly files: Files;
  /** For what only a person can say: a passphrase, a code, whether an unknown host is the right one. */
  readonly ask: Ask;
}

/** What a provider may use while a new connection to it is set up. */
export type SetUpPorts = Pick<ProviderPorts, 'ask' | 'clock' | 'logger'>;
