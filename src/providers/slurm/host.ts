import type { Duplex } from 'node:stream';

import type { Shell, TerminalSize } from '../../core/provider.ts';

/**
 * The machine that has Slurm's commands: a login node over SSH, or this one. Every method rejects with the signal's reason when it
 * is aborted; every other rejection is a ProviderError: `transient` when the connection was lost, `auth` when we were not let in.
 * Whether a command that was under way when the connection was lost has run is not known.
 */
export interface SlurmHost {
  /** Who we are there: `ada@login.example`. */
  account(signal: AbortSignal): Promise<string>;
  /** Runs a script to its end, whatever its exit code. */
  run(script: ShellScript, signal: AbortSignal): Promise<Finished>;
  /** What a script prints on stdout, as it comes. An abort ends the script there too. Its stderr is in the error when it fails. */
  stream(script: ShellScript, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The bytes of a file from an offset to its end. Rejects with `notFound` when it is not there. */
  readFile(path: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** A terminal that runs a script. */
  openShell(script: ShellScript, size: TerminalSize, signal: AbortSignal): Promise<Shell>;
  /** A TCP connection from there to a host and port. */
  connectTo(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  dispose(): Promise<void>;
}

/** POSIX shell. What comes from people is in `args` ($1, $2, …), never in the text. */
export interface ShellScript {
  readonly text: string;
  readonly args?: readonly string[];
  /** Its stdin; closed at once when there is none. */
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Finished {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
